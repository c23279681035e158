# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory for network booting: isolated networks, other people's DHCP
servers, virtual machines with real firmware, and the server under test."""
