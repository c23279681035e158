// SPDX-License-Identifier: GPL-3.0-or-later
// A visitor for std::visit out of one lambda for each alternative.
#pragma once

namespace base {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace base
