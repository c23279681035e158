// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens for the management API over TLS. Nothing is kept here: the secret is its bearer's, the
// line is the server's.
#include "commands.h"
#include "management/access.h"
#include "site.h"
#include "terminal.h"

namespace cli {

void add_token_commands(Command& root) {
  struct Typed {
    std::string name, role = "viewer";
  };
  auto typed = std::make_shared<Typed>();
  Command tokens = root.group("token", "Tokens for the management API over TLS");
  Command make = tokens.leaf("new", "Make one, and the server's line for it", [typed](const Common& common) {
    const auto made = management::new_api_token(typed->name, *management::parse_api_role(typed->role));
    if (!made) return failed(made.error().what);
    if (common.json) {
      print_line(api::print_json({{"token", made->secret}, {"line", made->line}}));
      return exit_ok;
    }
    Table table({"token", made->secret});
    table.add({"line", made->line});
    print_line(table.print());
    return exit_ok;
  });
  make.needs("NAME", typed->name, "Whose it is: events name it");
  make.option("--role", typed->role, "What it may do [viewer]",
              one_of({"viewer", "helpdesk", "administrator"}));
  make.footer("The line goes into the file that api.tokens names; the token is shown this once.");
}

}  // namespace cli
