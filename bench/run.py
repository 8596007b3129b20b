#!/usr/bin/env python3
"""Measures the service beside an nginx that answers a constant 202 and a bare-epoll sketch that does the same
work, in the same run, and writes a table and build/bench.json. Nothing here passes or fails.

Accept rate: one HTTP thread on one core, the load client on another, one outstanding request a connection; the
three servers take turns, so that a machine that gets slower halfway slows all of them. Read the ratios.
"""

import argparse
import concurrent.futures
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import pipeline
import servers

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"


def load(port: int, core: int | None, *arguments) -> dict:
    pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
    ended = subprocess.run([*pinned, servers.LOAD_CLIENT, "--port", str(port), "--json", *map(str, arguments)],
                           capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 3):
        sys.exit(f"the load client failed: {ended.stderr}")
    summary = json.loads(ended.stdout)
    if set(summary["statuses"]) != {"202"} or summary["broken"] or summary["malformed"]:
        print(f"  not only 202: {summary}", file=sys.stderr)
    return summary


def one_round(server, arguments: list) -> dict:
    with server:
        return load(server.port, servers.CLIENT_CORE, *arguments)


def medians(rounds: list[dict]) -> dict:
    return {"events_per_second": statistics.median(each["events_per_second"] for each in rounds),
            "requests_per_second": statistics.median(each["requests_per_second"] for each in rounds),
            "latency_us": {quantile: statistics.median(each["latency_us"][quantile] for each in rounds)
                           for quantile in ("p50", "p99", "p99.9")},
            "client_cpu": statistics.median(each["cpu"] for each in rounds),
            "rounds": [each["events_per_second"] for each in rounds]}


def accept_rates(folder: pathlib.Path, options) -> dict:
    """{connections: {server: figures, "ratio": {...}}}"""
    results = {}
    for connections in options.connections:
        rounds = {"nginx": [], "sketch": [], "service": []}
        for pair in range(options.pairs):
            order = list(rounds) if pair % 2 == 0 else list(rounds)[::-1]
            for name in order:
                rounds[name].append(one_round(servers.make(name, folder), [
                    "--connections", connections, "--duration", options.seconds, "--warm-up", 0.5]))
        figures = {name: medians(each) for name, each in rounds.items()}
        nginx = figures["nginx"]["events_per_second"]
        figures["ratio"] = {f"{name}/nginx": round(figures[name]["events_per_second"] / nginx, 3)
                            for name in ("service", "sketch")}
        figures["ratio"]["service/sketch"] = round(
            figures["service"]["events_per_second"] / figures["sketch"]["events_per_second"], 3)
        results[connections] = figures
        print(f"  {connections:>5} connections" + "".join(
            f"   {name} {figures[name]['events_per_second']:>9,.0f}/s p99 {figures[name]['latency_us']['p99'] / 1e3:.1f} ms"
            for name in rounds) + "   " + ", ".join(f"{key} {value:.2f}" for key, value in figures["ratio"].items()),
            flush=True)
    return results


def batch_rate(folder: pathlib.Path, options) -> dict:
    figures = medians([one_round(servers.make("service", folder), [
        "--connections", 64, "--batch", 100, "--duration", options.seconds, "--warm-up", 0.5])
        for _ in range(max(3, options.pairs // 2))])
    print(f"  {figures['events_per_second']:,.0f} events/s, p99 {figures['latency_us']['p99'] / 1e3:.1f} ms a batch")
    return figures


def way_to_the_row(folder: pathlib.Path, options) -> dict:
    """All roles on all cores, more events than the store can take: the steady rate of rows, and the backlog."""
    service = servers.Service(folder, roles=None, core=None, threads=None)
    samples = []
    with service, concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(load, service.port, None, "--connections", 64, "--duration", options.way_seconds)
        begin = time.monotonic()
        while not running.done():
            samples.append((time.monotonic() - begin, service.metric("audit_manager_store_events_total"),
                            service.metric("audit_manager_spool_undelivered_records")))
            time.sleep(0.5)
        accepted = running.result()
        peak = service.memory("VmHWM")
    half = samples[len(samples) // 2]
    rate = (samples[-1][1] - half[1]) / (samples[-1][0] - half[0])
    figures = {"accepted_per_second": accepted["events_per_second"], "rows_per_second": rate,
               "backlog_events": [(round(at, 1), backlog) for at, _, backlog in samples[::4]], "peak_memory_mib": peak}
    print(f"  accepted {figures['accepted_per_second']:,.0f}/s, rows {rate:,.0f}/s, "
          f"backlog after {samples[-1][0]:.0f} s: {samples[-1][2]:,.0f} events")
    return figures


def memory(folder: pathlib.Path, options) -> dict:
    service = servers.Service(folder, roles=None, core=None, threads=None)
    with service:
        time.sleep(1)
        idle = service.memory("VmRSS")
        load(service.port, None, "--connections", 1000, "--duration", options.seconds)
        figures = {"idle_mib": idle, "peak_with_1000_connections_mib": service.memory("VmHWM")}
    print(f"  idle {idle:.1f} MiB, peak with 1,000 connections {figures['peak_with_1000_connections_mib']:.1f} MiB")
    return figures


def start_time(folder: pathlib.Path, _) -> dict:
    """From the start of the process to the first 202, on a new data folder and on one that is there."""
    service = servers.Service(folder, roles=None, core=None, threads=None)
    figures = {name: [] for name in ("new", "existing")}
    for _ in range(5):
        for name in figures:
            figures[name].append(service.first_202_ms(keep_data=name == "existing"))
    figures = {f"{name}_ms": statistics.median(each) for name, each in figures.items()}
    print(f"  new folder {figures['new_ms']:.0f} ms, existing folder {figures['existing_ms']:.0f} ms")
    return figures


def disk(folder: pathlib.Path, _) -> dict:
    probe = subprocess.run([servers.BUILD / "bench" / "fdatasync_probe", folder, "1"], capture_output=True, text=True,
                           check=True)
    figures = json.loads(probe.stdout)
    print("  " + ", ".join(f"{size.removesuffix('_us')}: p50 {each['p50']} us, p99 {each['p99']} us"
                           for size, each in figures.items()))
    return figures


def store(_, options) -> dict:
    """The store alone, without a log before it, in the sizes that decide: batch and connections."""
    figures = {}
    for batch, connections in ((2_000, 1), (5_000, 1), (2_000, 2), (5_000, 2)):
        ended = subprocess.run(
            [sys.executable, servers.ROOT / "tests" / "servers" / "postgres.py", "run", "--fsync",
             servers.BUILD / "bench" / "store_bench", "--batch", str(batch), "--connections", str(connections),
             "--rounds", str(options.rounds), "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        each = json.loads(ended.stdout)
        figures[f"{batch}x{connections}"] = each
        print(f"  {batch:>6} rows on {connections} connection(s): COPY {each['copy_rows_per_second']:,} rows/s, "
              f"ours {each['write_rows_per_second']:,} rows/s, ratio {each['ratio']:.2f}", flush=True)
    return figures


def machine() -> dict:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {"cpu": cpu[1] if cpu else "unknown", "commit": commit.stdout.strip(),
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


PARTS = {
    "disk": ("the disk's fdatasync, into a pre-written file", disk),
    "accept": ("accepted events on one core, synced, 700 bytes each", accept_rates),
    "batch": ("batches of 100 on one core", batch_rate),
    "way": ("from the event to the SQLite row, all roles on all cores", way_to_the_row),
    "memory": ("memory", memory),
    "start": ("from the start to the first 202", start_time),
    "store": ("batches into PostgreSQL beside a plain COPY BINARY", store),
    "pipeline": ("from the event through Kafka to the PostgreSQL row", lambda *both: pipeline.measure(both[0], load, both[1])),
}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6, help="turns of each server (default: 6)")
    parser.add_argument("--seconds", type=float, default=3, help="of load a turn (default: 3)")
    parser.add_argument("--way-seconds", type=float, default=30, help="of load on the way to the row (default: 30)")
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--folder", type=pathlib.Path, default=BUILD, help="whose disk is measured (default: build)")
    parser.add_argument("--events", type=int, default=300_000, help="of a round of the pipeline (default: 300,000)")
    parser.add_argument("--rounds", type=int, default=5, help="of the pipeline (default: 5)")
    parser.add_argument("--whole-seconds", type=float, default=20, help="of load on the pipeline (default: 20)")
    parser.add_argument("--writers", type=int, help="database.writers (default: the service's)")
    parser.add_argument("--batch", type=int, help="kafka.consumer.batch_max_records (default: the service's)")
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure (default: all): " + ", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")

    results = machine()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for name, (title, measure) in PARTS.items():
            if not options.parts or name in options.parts:
                print(title, flush=True)
                results[name] = measure(folder, options)
    out = BUILD / "bench.json"
    out.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
