# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import shutil
import tempfile

import cli_site
import pytest


@pytest.fixture(scope="session", autouse=True)
def a_binary_for_everybody():
    """A copy that any user may run: home directories are closed to others."""
    if not cli_site.BUILT.is_file():
        pytest.skip(f"{cli_site.BUILT} is not built")
    with tempfile.TemporaryDirectory(prefix="bootferry-bin-") as directory:
        os.chmod(directory, 0o755)
        cli_site.program = pathlib.Path(shutil.copy(cli_site.BUILT, directory))
        yield


@pytest.fixture
def site():
    # Not pytest's own directory, which is closed to everybody else: the server becomes nobody.
    with tempfile.TemporaryDirectory(prefix="bootferry-cli-") as directory:
        os.chmod(directory, 0o755)
        yield cli_site.Site(pathlib.Path(directory))
