# SPDX-License-Identifier: GPL-3.0-or-later
"""Bootferry and its peers, each started the way that makes it fastest: limits raised so
that they are not what is measured, and nothing logged per packet where that can be said.
"""
import os
import pathlib
import re
import resource
import shutil
import subprocess
import time

from .accounting import Account
from .network import SERVER, BenchError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
USER = "nobody"


class Server:
    name = ""
    serves = ()

    def __init__(self, site):
        self.site = site
        self.process = self.account = self.log = None
        self.extra = {}   # options of the present contestant

    def command(self, options):
        raise NotImplementedError

    def tftp_name(self, file):
        return file

    def http_name(self, file):
        return file

    def start(self, options, cpu=None):
        """cpu: the one to stay on."""
        self.account = Account()
        command = ["ip", "netns", "exec", self.site.pair.server,
                   *(["taskset", "-c", str(cpu)] if cpu is not None else []), *map(str, self.command(options))]

        def prepare():
            self.account.join()
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))   # a socket a transfer

        self.log = open(self.site.directory / f"{self.name}.log", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=prepare)
        self.account.leader = self.process.pid
        self._wait_until_it_serves(options.get("need", "tftp"))

    def _wait_until_it_serves(self, need):
        """Asks as a client would, until the answer is right."""
        small = self.site.files["small"]
        for _ in range(100):
            if self.process.poll() is not None:
                break
            if need in ("http", "https"):
                args = ["http", "--files", f"{self.http_name('small')}={small}", *(["--tls"] if need == "https" else [])]
            elif need == "pxe":
                args = ["pxe", "--total", 1, "--relay", self.site.relay, "--timeout-ms", 200, "--tries", 0]
            else:
                args = ["tftp", "--files", f"{self.tftp_name('small')}={small}", "--retry-ms", 100, "--tries", 1]
            done = self.site.load([*args, "--limit-seconds", 1], check=False)
            if done and (done.get("transfers") == 1 or done.get("conversations") == 1):
                return
            time.sleep(0.1)
        raise BenchError(f"{self.name} does not serve {need}; its log ends:\n{self.log_tail()}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.account:
            self.account.close()
        if self.log:
            self.log.close()
        self.process = self.account = self.log = None

    def log_tail(self):
        return (self.site.directory / f"{self.name}.log").read_text(errors="replace")[-1500:]

    def alive(self):
        return self.process is not None and self.process.poll() is None


class Bootferry(Server):
    """As shipped but for its limits; the files are an image's, deployed to all."""
    name = "bootferry"
    serves = ("tftp", "http", "https", "pxe")
    program = pathlib.Path(os.environ.get("BOOTFERRY_BIN", REPOSITORY / "build/release/bootferry"))
    kernel = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux"

    def tftp_name(self, file):
        return f"images/bench/1/{self.site.files[file].name}"

    http_name = tftp_name

    def prepare(self):
        """The state directory with the image, made once."""
        self.state = self.site.directory / "state"
        self.state.mkdir(mode=0o700)
        shutil.chown(self.state, USER)
        self.run_directory = self.site.directory / "run"
        self.run_directory.mkdir()
        shutil.chown(self.run_directory, USER)
        initrds = [a for path in self.site.files.values() for a in ("--initrd", path)]
        self._cli("image", "add", "bench", "--kernel", self.kernel, *initrds)
        self._cli("deploy", "bench", "--to", "all", "--yes")
        for path in [self.state, *self.state.rglob("*")]:
            shutil.chown(path, USER)

    def _cli(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments), "--state", str(self.state)],
                              capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"bootferry {' '.join(map(str, arguments))}: {done.stderr.strip()}")

    def command(self, options):
        keys = {"server.interfaces": ["eth0"], "server.state": str(self.state), "server.user": USER,
                "server.socket": str(self.run_directory / "control"),
                "tftp.max_transfers": 65535, "tftp.max_transfers_per_client": 65535,
                "tftp.max_windowsize": 64,
                "http.tls_port": 443, "http.tls_certificate": str(self.site.certificate),
                "http.tls_key": str(self.site.key), **options.get("bootferry", {})}
        tables = {}
        for key, value in keys.items():
            table, name = key.split(".")
            text = ('"' + value + '"' if isinstance(value, str) else
                    str(value).replace("'", '"') if isinstance(value, list) else str(value))
            tables.setdefault(table, []).append(f"{name} = {text}")
        config = self.site.directory / "bootferry.toml"
        config.write_text("".join(f"[{table}]\n" + "\n".join(lines) + "\n" for table, lines in tables.items()))
        return [self.program, "serve", "--config", config]


class Dnsmasq(Server):
    name = "dnsmasq"
    serves = ("tftp", "pxe")

    def command(self, options):
        command = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-hosts",
                   "--no-resolv", "--interface=eth0", "--pid-file=", "--log-facility=/dev/null", "--quiet-tftp",
                   "--enable-tftp", f"--tftp-root={self.site.tree}", "--tftp-max=5000"]
        if options.get("need") == "pxe":
            # Without a boot file in the OFFER, hence with port 4011; BC_EFI is what it calls type 7.
            command += ["--quiet-dhcp", "--dhcp-range=10.231.0.0,proxy", "--pxe-service=x86PC,boot,boot",
                        "--pxe-service=BC_EFI,boot,boot.efi", "--pxe-service=X86-64_EFI,boot,boot.efi"]
        return command


class InTftpd(Server):
    name = "in.tftpd"
    serves = ("tftp",)

    def command(self, options):
        return ["/usr/sbin/in.tftpd", "--listen", "--foreground", "--user", USER, "--address", f"{SERVER}:69",
                "--secure", self.site.tree]


class Atftpd(Server):
    """Debian's package conflicts with in.tftpd's: it is unpacked beside (bench.py)."""
    name = "atftpd"
    serves = ("tftp",)

    def command(self, options):
        return [self.site.atftpd, "--daemon", "--no-fork", "--user", "nobody.nogroup", "--bind-address", SERVER,
                "--maxthread", 5000, "--verbose=0", "--logfile", "/dev/null", self.site.tree]


class Nginx(Server):
    name = "nginx"
    serves = ("http", "https")

    def command(self, options):
        config = self.site.directory / "nginx.conf"
        config.write_text(f"""daemon off;
user nobody nogroup;
worker_processes {options.get("nginx_workers", 1)};
pid {self.site.directory}/nginx.pid;
error_log {self.site.directory}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  client_body_temp_path {self.site.directory}/nginx-tmp;
  server {{ listen {SERVER}:80 backlog=4096; root {self.site.tree}; }}
  server {{
    listen {SERVER}:443 ssl backlog=4096; root {self.site.tree};
    ssl_certificate {self.site.certificate}; ssl_certificate_key {self.site.key}; ssl_protocols TLSv1.3;
  }}
}}
""")
        return ["nginx", "-c", config, "-e", self.site.directory / "nginx.log"]


ALL = {kind.name: kind for kind in (Bootferry, InTftpd, Dnsmasq, Atftpd, Nginx)}
