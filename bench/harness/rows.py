# SPDX-License-Identifier: GPL-3.0-or-later
"""The table's rows: who is loaded how, what is read from the runs, and which floor and aim
each figure has. A floor has to hold; an aim is where the design should lead."""
import dataclasses
import math
import statistics
from typing import Callable, Optional

from .network import CLIENTS


PACKET_THREADS = "tftp.threads"


@dataclasses.dataclass
class Metric:
    key: str
    label: str
    unit: str
    of: Callable            # the runs of one contestant -> a number, or None
    versus: str = "ratio"   # ratio: ours / best peer's; faster: theirs / ours; value: ours alone; info
    better: str = "high"
    floor: Optional[float] = None
    aim: Optional[float] = None
    paired: bool = True     # the ratio is the median of the passes' own; False: of the figures over all runs


@dataclasses.dataclass
class Contestant:
    label: str
    server: str
    options: dict


@dataclasses.dataclass
class Row:
    key: str
    title: str
    arguments: Callable     # (site, server, scale, repetition) -> the generator's arguments
    metrics: list
    peers: tuple = ()
    pinned: bool = False    # server on CPU 0, generator on CPU 1
    offload: bool = True    # False: the cable takes no UDP_SEGMENT bursts
    need: str = "tftp"
    sample_after: Optional[tuple] = None   # when memory is read; quick, when
    threads: bool = False
    variants: tuple = ()    # instead of peers: (label, Bootferry's extra keys)

    def contestants(self):
        if self.variants:
            return [Contestant(label, "bootferry", {"bootferry": keys}) for label, keys in self.variants]
        return [Contestant(name, name, {}) for name in ("bootferry", *self.peers)]

    def options_for(self, server):
        keys = dict(server.extra.get("bootferry", {}))
        if self.pinned:
            keys.setdefault(PACKET_THREADS, 1)   # it has one CPU, whatever the machine has
        return {"need": self.need, "bootferry": keys}


@dataclasses.dataclass
class Scale:
    """How much is measured. Quick is for CI: does it work, are the bytes right?"""
    quick: bool
    repetitions: int
    most: int   # of a row whose floor lies within what its passes leave open

    @property
    def steady(self):
        return ["--seconds", 0.5, "--warm", 0.1] if self.quick else ["--seconds", 3, "--warm", 0.5]

    def of(self, full, quick):
        return quick if self.quick else full


# --- reading runs ------------------------------------------------------------------------

def report(path):
    """The median over runs of a figure in the generator's report: "transfer_seconds.p99"."""
    def read(runs):
        values = []
        for run in runs:
            value = run["report"]
            for part in path.split("."):
                value = value[part]
            values.append(value)
        return statistics.median(values)
    return read


def field(name):
    return lambda runs: statistics.median(run[name] for run in runs)


def worst(path):
    return lambda runs: max(run["report"][path] for run in runs)


def pooled(share):
    """A percentile over the transfers of all runs."""
    def read(runs):
        times = sorted(t for run in runs for t in run["report"]["times"])
        return times[max(0, math.ceil(share * len(times)) - 1)] if times else None
    return read


def duplicates(runs):
    """Per cent of the blocks."""
    return 100 * sum(r["report"]["duplicates"] for r in runs) / max(1, sum(r["report"]["blocks"] for r in runs))


def anon_per_transfer(runs):
    values = [(run["anon"] - run["idle_anon"]) / run["report"]["cut"]
              for run in runs if "anon" in run and run["report"]["cut"]]
    return statistics.median(values) if values else None


def busiest_share(runs):
    """Per cent of the CPU time of the two busiest threads that the busiest one had."""
    values = [100 * run["thread_cpu_s"][0] / sum(run["thread_cpu_s"][:2])
              for run in runs if sum(run["thread_cpu_s"][:2]) > 0]
    return statistics.median(values) if values else None


def rate(floor=None, aim=None):
    return Metric("rate", "rate", "MB/s", report("mb_per_s"), floor=floor, aim=aim)


def cpu(floor=None, aim=None):
    return Metric("cpu", "server CPU", "s/GB", field("cpu_s_per_gb"), better="low", floor=floor, aim=aim)


def lost_requests():
    return Metric("lost", "requests lost", "", worst("rrq_resent"), versus="value", better="low", floor=0, aim=0)


# --- what the generator is told ------------------------------------------------------------

def tftp(file, *more, clients=1, quick_clients=None, quick_file=None, spread=False):
    def arguments(site, server, scale, repetition):
        served = scale.of(file, quick_file or file)
        args = ["tftp", "--files", f"{server.tftp_name(served)}={site.files[served]}",
                "--clients", scale.of(clients, quick_clients or clients)]
        for item in more:
            args += item(scale, repetition) if callable(item) else [item]
        if spread:
            args += ["--addresses", ",".join(CLIENTS)]
        return args
    return arguments


def http(file, clients, *more):
    return lambda site, server, scale, repetition: [
        "http", "--files", f"{server.http_name(file)}={site.files[file]}", "--clients", clients,
        "--check", "first", "--addresses", ",".join(CLIENTS), *more, *scale.steady]


def pxe(in_flight, *amount):
    return lambda site, server, scale, repetition: [
        "pxe", "--in-flight", in_flight, "--relay", site.relay, *(amount or ["--seconds", scale.of(3, 0.5)])]


def cpu_per_conversation():
    return Metric("cpu", "server CPU each", "us", lambda runs: statistics.median(
        1e6 * run["server_cpu_s"] / max(1, run["report"]["conversations"]) for run in runs), "ratio", "low")


def steady(scale, _):
    return scale.steady


def seed(scale, repetition):
    return ["--seed", repetition + 1]


def enough(scale, _):
    """A thousand transfers over all repetitions of 50 clients."""
    return ["--count", scale.of(math.ceil(1000 / 50 / scale.repetitions), 1)]


def storm(site, server, scale, repetition):
    file = server.tftp_name
    return ["storm", "--machines", scale.of(2000, 60), "--limit-seconds", 500, "--relay", site.relay,
            "--block-ms", scale.of(5, 0), "--slow-rate", scale.of(2e6, 2e7), "--addresses", ",".join(CLIENTS),
            "--first", f"{file('1m')}={site.files['1m']}", "--second-tftp", f"{file('5m')}={site.files['5m']}",
            "--second-http", f"{server.http_name('5m')}={site.files['5m']}"]


B1456 = ("--blksize", 1456)
W16 = (*B1456, "--windowsize", 16)


def loss_w16(key, title, *more):
    return Row(key, title,
               tftp("1m", *W16, *more, "--loss", 0.01, seed, enough, "--times", clients=50, quick_clients=10,
                    quick_file="200k", spread=True),
               [Metric("p95", "p95, times faster", "s", pooled(0.95), "faster", "low", 2, 4, paired=False),
                Metric("duplicates", "blocks sent twice", "%", duplicates, "value", "low", 3, 1)],
               peers=("atftpd",))


def slow(key, title, window):
    return Row(key, title,
               tftp("200k", *B1456, "--windowsize", window, "--think-ms", 30,
                    lambda scale, _: ["--seconds", 0.6] if scale.quick else [], clients=50, spread=True),
               [Metric("duplicates", "blocks sent twice", "%", duplicates, "value", "low", 1, 0.1)])


def two_threads(key, title, load, cpu_limits, share_limits):
    return Row(key, title, load,
               [Metric("cpu", "server CPU", "s/GB", field("cpu_s_per_gb"), better="low", **cpu_limits),
                rate(),
                Metric("share", "busiest thread's share", "%", busiest_share, "value", "low", **share_limits)],
               threads=True, variants=(("bootferry", {PACKET_THREADS: 2}), ("one thread", {PACKET_THREADS: 1})))


def all_rows():
    rows = [
        Row("one-w1", "one client, blksize 1456, windowsize 1", tftp("30m", *B1456, steady),
            [rate(0.95, 1.0), cpu()], peers=("dnsmasq",)),
        Row("one-w16", "one client, windowsize 16", tftp("30m", *W16, steady), [rate(2, 4), cpu()],
            peers=("atftpd",)),
        Row("one-w64", "one client, windowsize 64", tftp("30m", *B1456, "--windowsize", 64, steady),
            [rate(2, 4), cpu()], peers=("atftpd",)),
        Row("many-w1", "100 clients x 30 MB, windowsize 1", tftp("30m", *B1456, steady, clients=100, spread=True),
            [rate(1.15, 1.3), cpu(0.85, 0.7)], peers=("dnsmasq",), pinned=True),
        Row("many-w16", "100 clients x 30 MB, windowsize 16", tftp("30m", *W16, steady, clients=100, spread=True),
            [rate(3, 4.5), cpu(0.33, 0.25)], peers=("atftpd",), pinned=True),
        Row("many-w16-cut", "100 clients x 30 MB, windowsize 16, no segmentation offload",
            tftp("30m", *W16, steady, clients=100, spread=True),
            [rate(2.3, 3), cpu(0.45, 0.35)], peers=("atftpd",), pinned=True, offload=False),
        Row("burst", "500 clients x 1 MB, windowsize 1, all at once",
            tftp("1m", *B1456, clients=500, quick_clients=50, spread=True),
            [rate(1.0, 1.2),
             Metric("p99", "p99", "s", report("transfer_seconds.p99"), better="low", floor=1.0, aim=0.8),
             lost_requests()], peers=("dnsmasq",)),
        # To completion, as machines meet it: who loses a request waits a second for its file.
        Row("small", "200 clients x 10 files of 1.5 kB, to the last one",
            tftp("small", *B1456, "--tsize", "--count", 10, clients=200, spread=True),
            [Metric("rate", "transfers", "/s", report("transfers_per_s"), floor=5, aim=10), lost_requests()],
            peers=("dnsmasq",), pinned=True),
        Row("small-steady", "200 clients, files of 1.5 kB without end",
            tftp("small", *B1456, "--tsize", steady, clients=200, spread=True),
            [Metric("rate", "transfers", "/s", report("transfers_per_s"), "info"),
             Metric("cpu", "server CPU each", "us", lambda runs: statistics.median(
                 1e6 * run["server_cpu_s"] / max(1, run["report"]["transfers"]) for run in runs), "info", "low")],
            peers=("dnsmasq",), pinned=True),
        Row("loss-w1", "1 % loss, windowsize 1 (50 clients x 1 MB)",
            tftp("1m", *B1456, "--loss", 0.01, seed, "--times", clients=50, quick_clients=10, quick_file="200k",
                 spread=True),
            [Metric("p50", "p50, times faster", "s", pooled(0.5), "faster", "low", 4, 15, paired=False),
             Metric("duplicates", "blocks sent twice", "%", duplicates, "info", "low")], peers=("in.tftpd",)),
        loss_w16("loss-w16", "1 % loss, windowsize 16"),
        loss_w16("loss-w16-edk2", "1 % loss, windowsize 16, EDK2's acknowledgements", "--edk2"),
        slow("slow-w1", "clients that need 30 ms a block, windowsize 1", 1),
        slow("slow-w16", "clients that need 30 ms a block, windowsize 16", 16),
        Row("pxe-64", "proxyDHCP, 64 in flight", pxe(64),
            [Metric("rate", "conversations", "/s", report("conv_per_s"), floor=2, aim=3),
             cpu_per_conversation(),
             Metric("p99", "conversation p99", "us", report("conversation_us.p99"), "info", "low")],
            peers=("dnsmasq",), pinned=True, need="pxe"),
        # A number, not a time: machines that got no answer hold up the end, as in a real hall.
        Row("pxe-1000", "proxyDHCP, 1000 in flight, 10,000 in all", pxe(1000, "--total", 10000, "--limit-seconds", 8),
            [Metric("rate", "conversations", "/s", report("conv_per_s"), floor=10, aim=25),
             Metric("lost", "questions lost", "", worst("lost"), "value", "low", 0, 0),
             cpu_per_conversation()],
            peers=("dnsmasq",), pinned=True, need="pxe"),
    ]
    for clients, file in ((1, "30m"), (100, "30m"), (500, "1m")):
        rows.append(Row(f"http-{clients}", f"HTTP, {clients} client{'s' * (clients > 1)}", http(file, clients),
                        [cpu(1.2, 1.0), rate()], peers=("nginx",), pinned=clients > 1, need="http"))
    rows += [
        Row("https", "HTTPS, 100 clients", http("30m", 100, "--tls"), [cpu(1.5, 1.1), rate()], peers=("nginx",),
            pinned=True, need="https"),
        # The same work at the same rate, which leaves processors free: who is short of them works off
        # more at a time, whatever its threads.
        two_threads("threads", "two threads against one (400 clients, w16, 1 ms a block)",
                    tftp("30m", *W16, "--think-ms", 1, steady, clients=400, quick_clients=50, spread=True),
                    {"floor": 1.1, "aim": 1.0}, {"floor": 60, "aim": 55}),
        two_threads("threads-full", "the same with 100 clients as fast as they can, which is a third busy thread",
                    tftp("30m", *W16, steady, clients=100, spread=True), {}, {}),
        Row("memory", "memory of a transfer in flight, 2000 at once",
            tftp("1m", *B1456, "--think-ms", 200,
                 lambda scale, _: ["--seconds", scale.of(5, 0.9)], clients=2000, quick_clients=300, spread=True),
            [Metric("anon", "anonymous memory each", "B", anon_per_transfer, "value", "low", 4096, 2048)],
            peers=("dnsmasq",), sample_after=(3.5, 0.5)),
        Row("storm", "boot storm: 2000 machines of four kinds, half of them slow", storm,
            [Metric("unfinished", "machines without their files", "", worst("unfinished"), "value", "low", 0, 0),
             Metric("time_outs", "client time-outs", "", worst("time_outs"), "info", "low"),
             Metric("seconds", "all done after", "s", report("seconds"), "info", "low"),
             *(Metric(f"{kind}.{p}", f"{kind} {p}", "s", report(f"classes.{kind}.{p}"), "info", "low")
               for kind in ("bios-rom", "bios-rom-slow", "edk2", "edk2-slow", "ipxe", "ipxe-slow",
                            "grub", "grub-slow") for p in ("p50", "p99"))], need="pxe"),
    ]
    return rows
