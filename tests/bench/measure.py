"""Builds what the benchmarks run, and runs the load generator once."""
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build_bench():
    build = f"{ROOT}/build/bench"
    subprocess.run(["cmake", "--preset", "release", "-B", build, "-DBUILD_TESTING=ON"], cwd=ROOT,
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "hearthd", "load", "limit"], check=True,
                   stdout=subprocess.DEVNULL)
    return build


def load_command(build, server, **options):
    words = []
    for key, value in options.items():
        words += [f"--{key.replace('_', '-')}"] + ([] if value is True else [str(value)])
    return [f"{build}/load", "--port", str(server.port), "--pid", str(server.pid), "--dialect", server.dialect,
            *words]


def load(build, server, **options):
    done = subprocess.run(load_command(build, server, **options), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{server.name}: {done.stderr.strip()} {done.stdout.strip()}")
    return json.loads(done.stdout)
