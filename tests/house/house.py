"""Holds the code to the house: python3 house.py RULE, from the top folder."""
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

LISTS = {"uthash.h", "utlist.h"}  # headers only

# Folder -> what its files may include: folders of ours and libraries. C and POSIX headers are free.
FLOORS = {
    "config": {"config", "protocol", "libconfig.h"},
    "protocol": {"protocol", "jansson.h", "utf8proc.h"},
    "storage": {"storage", "protocol", "sqlite3.h", "mbedtls", "argon2.h"} | LISTS,
    "daemon/core": {"daemon/core", "config", "protocol", "storage", "daemon/log.h"} | LISTS,
    "daemon/tls": {"daemon/tls", "openssl", "mbedtls", "storage/clock.h"} | LISTS,
    "daemon/net": {"daemon/net", "daemon/core", "daemon/tls/tls.h", "config", "protocol", "daemon/log.h",
                   "libwebsockets.h", "zlib.h",
                   "storage/store.h", "storage/clock.h", "storage/crypto.h"} | LISTS,
    "daemon/cli": {"daemon/cli", "config", "protocol", "jansson.h"},
    "daemon/bridge": {"daemon/bridge", "config", "protocol", "daemon/log.h",
                      "curl", "jansson.h", "libconfig.h", "mbedtls", "mosquitto.h", "protobuf-c"} | LISTS,
}
LOG = {"daemon/log.h", "config/config.h", "protocol/text.h", "storage/clock.h"}
ROOF = {"config/config.h", "daemon/log.h", "storage/store.h", "protocol/message.h",
        "protocol/name.h", "daemon/core/gateway.h", "daemon/core/session.h",
        "daemon/core/carrier.h"}
LIBRARIES = {"libconfig.h", "jansson.h", "utf8proc.h", "sqlite3.h", "mbedtls", "libwebsockets.h",
             "openssl", "uv.h", "zlib.h", "uthash.h", "utlist.h", "readline", "curl", "argon2.h", "mosquitto.h", "protobuf-c"}

TOP = {
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "CMakeLists.txt",
    "CMakePresets.json", ".clang-format", ".clang-tidy", ".ci", ".gitignore", "config", "protocol",
    "storage", "daemon", "web", "packaging", "tests",
}

# Lines between the braces of a function, lines of a file.
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500


def tracked(*suffixes):
    """Files of the tree as git knows them, or, from a tarball, as they lie there."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path) for path in Path(".").rglob("*") if path.is_file()]
    skipped = ("build/", "dist/", "web/node_modules/", "hearth-data/")
    return [Path(name) for name in names if not name.startswith(skipped) and Path(name).is_file()
            and (not suffixes or name.endswith(suffixes))]


@functools.cache
def text_of(path):
    return path.read_text(encoding="utf-8", errors="replace")


# ---- floors

def may_include(path, header):
    folder = path.parent.as_posix()
    if path.parent == Path("daemon") and path.name.startswith("log."):
        return header in LOG
    if path == Path("daemon/main.c"):
        return header in ROOF or header.startswith("daemon/net/") or header in LIBRARIES
    if path.parent == Path("daemon"):
        return header in ROOF or header.startswith(("daemon/net/", "daemon/"))
    for floor, allowed in FLOORS.items():
        if folder == floor or folder.startswith(floor + "/"):
            parents = [Path(header).as_posix(), *map(Path.as_posix, Path(header).parents)]
            return any(parent in allowed for parent in parents)
    return True


def is_ours_or_library(header):
    first = header.split("/")[0]
    ours = first in {"config", "protocol", "storage", "daemon"}
    return ours or header in LIBRARIES or first in LIBRARIES


def floors():
    for path in tracked(".c", ".h", ".def"):
        if path.parts[0] in {"tests", "web", "packaging"}:
            continue
        for line, text in enumerate(text_of(path).splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', text)
            if found and is_ours_or_library(found[1]) and not may_include(path, found[1]):
                yield f"{path}:{line}: {path.parent} may not include {found[1]}"


# ---- circles

# Nouns of daemon/core that may include each other: a member is one of all three.
MUTUAL = {"session", "room", "user"}


def includes_of(folder):
    """{noun: nouns it includes}. gateway_private.h is data that everybody reads."""
    graph = {}
    for path in tracked(".c", ".h"):
        if path.parent.as_posix() != folder:
            continue
        noun = path.stem.removesuffix("_private")
        for name in re.findall(rf'#include "{folder}/(\w+)\.h"', text_of(path)):
            if name != "gateway_private" and name.removesuffix("_private") != noun:
                graph.setdefault(noun, set()).add(name.removesuffix("_private"))
    return graph


def reachable(graph, start):
    found, ahead = set(), [start]
    while ahead:
        for noun in graph.get(ahead.pop(), ()):
            if noun not in found:
                found.add(noun)
                ahead.append(noun)
    return found


def circles():
    for folder in ("protocol", "daemon/core"):
        graph = includes_of(folder)
        for noun in sorted(graph):
            others = {other for other in reachable(graph, noun) if noun in reachable(graph, other)}
            if others - {noun} - (MUTUAL if noun in MUTUAL else set()):
                yield f"{folder}/{noun}: includes go round by {', '.join(sorted(others - {noun}))}"


# ---- what is used is included

# Name used -> the header that declares it. One TLS library's headers bring some of these along and
# another's do not, so a file must not get them through a library.
DECLARED_BY = {
    "errno.h": r"\berrno\b",
    "string.h": r"\b(?:str(?:len|cmp|ncmp|chr|rchr|str|spn|cspn|dup|ndup|error)|mem(?:cpy|move|set|cmp|chr))\(",
    "strings.h": r"\bstrn?casecmp\(",
    "stdlib.h": r"\b(?:malloc|calloc|realloc|free|strtoll?|strtoull?|getenv|unsetenv|atoi|qsort)\(",
    "stdio.h": r"\b(?:v?s?n?printf|fprintf|fputs|fopen|fclose|rename)\(",
    "inttypes.h": r"\b(?:PRI|SCN)[diux](?:8|16|32|64|MAX|PTR)\b",
    "unistd.h": r"\b(?:close|unlink|getpid|fsync|fdatasync|p?read|p?write|gethostname|ftruncate)\(",
    "fcntl.h": r"\b(?:fcntl|open|openat)\(|\bO_[A-Z]+\b",
    "time.h": r"\b(?:clock_gettime|nanosleep|localtime_r|gmtime_r|strftime)\(",
    "signal.h": r"\b(?:sigaction|sigemptyset|kill|raise)\(",
    "poll.h": r"\bpoll\(|\bPOLLIN\b",
    "sys/socket.h": r"\b(?:socket|send|recv|connect|bind|accept4?|[gs]etsockopt|getsockname|getpeername)\(",
    "sys/stat.h": r"\b(?:f?stat|lstat|f?chmod|umask|mkdir)\(",
    "sys/resource.h": r"\b[gs]etrlimit\(",
    "sys/ioctl.h": r"\bioctl\(",
    "arpa/inet.h": r"\binet_(?:pton|ntop)\(|\b[hn]to[nh][sl]\(",
}


def code_of(path):
    """The file without comments and the insides of strings."""
    text = re.sub(r"/\*.*?\*/", "", text_of(path), flags=re.S)
    return re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text)


def system_headers(path, seen):
    """What a file includes in angle brackets, itself or through headers of ours."""
    found = set()
    for text in text_of(path).splitlines():
        include = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', text)
        if not include:
            continue
        if include[1] == "<":
            found.add(include[2])
        for header in (Path(include[2]), path.parent / include[2]):
            if include[1] == '"' and header.is_file() and header not in seen:
                seen.add(header)
                found |= system_headers(header, seen)
    return found


def includes():
    for path in tracked(".c"):
        code, has = code_of(path), system_headers(path, set())
        for header, pattern in DECLARED_BY.items():
            # A member of a struct is not the function of that name.
            found = re.search(r"(?<![.>])" + f"(?:{pattern})", code)
            if found and header not in has:
                yield f"{path}: uses {found[0].rstrip('(')} without <{header}>"


# ---- the top folder

def top():
    for name in sorted({path.parts[0] for path in tracked()} - TOP):
        yield f"{name}: nothing of this name belongs into the top folder"


# ---- words

FORBIDDEN = [
    (r"registry\.npmjs\.org|deb\.debian\.org|pypi\.org|proxy\.golang|/artifactory", "a registry's host"),
    (r"(?<![\w.])/(?:work|home/[a-z]+)/", "a path of somebody's machine"),
    (r"\b(?:TODO|FIXME|XXX|HACK)\b", "an unfinished thing"),
]
TEXTS = (".c", ".h", ".def", ".py", ".ts", ".tsx", ".mjs", ".js", ".json", ".md", ".txt", ".sh",
         ".conf", ".cmake", ".css", ".html", ".service", ".yml", ".yaml", ".toml")


def words():
    for path in tracked():
        is_text = path.name.endswith(TEXTS) or "." not in path.name
        if not is_text or path == Path("tests/house/house.py"):
            continue
        for line, text in enumerate(text_of(path).splitlines(), 1):
            for pattern, what in FORBIDDEN:
                if re.search(pattern, text):
                    yield f"{path}:{line}: {what}: {text.strip()[:80]}"


# ---- sizes

def functions_of(lines):
    """(name, first line, lines between the braces) of each function; braces stand as clang-format
    puts them: a function's own alone at the start of a line."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield lines[start - 2].strip(), start, number - start - 1
            start = None


def sizes():
    for path in tracked(".c", ".h"):
        if path.parts[0] not in {"config", "protocol", "storage", "daemon"}:
            continue
        lines = text_of(path).splitlines()
        if len(lines) > FILE_LINES_MAX:
            yield f"{path}: {len(lines)} lines; at most {FILE_LINES_MAX}"
        for name, start, length in functions_of(lines):
            if length > FUNCTION_LINES_MAX:
                yield f"{path}:{start}: {length} lines in {name}; at most {FUNCTION_LINES_MAX}"


# ---- statements

def statements():
    """A connection keeps what it has prepared; a table that is full refuses whatever comes next. Many are prepared
    by helpers, so texts are counted; a part that begins like a statement counts as one, too."""
    begins = re.compile(r'"(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|BEGIN|COMMIT|ROLLBACK|PRAGMA)\b')
    most = int(re.search(r"DATABASE_STATEMENTS_MAX (\d+)", text_of(Path("storage/database.h")))[1])
    count = sum(len(begins.findall(text_of(path))) for path in tracked(".c") if path.parts[0] == "storage")
    if not 0 < count <= most * 3 // 4:
        yield f"storage: {count} statements; DATABASE_STATEMENTS_MAX is {most} and should be larger"


# ---- asyncapi

def references_of(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references_of(value)
    elif isinstance(node, list):
        for item in node:
            yield from references_of(item)


def asyncapi():
    for path in (Path("protocol/asyncapi.json"), Path("protocol/openapi.json")):
        document = json.loads(text_of(path))
        for reference in sorted(set(references_of(document))):
            node = document
            for part in reference.removeprefix("#/").split("/"):
                node = node.get(part) if isinstance(node, dict) else None
            if node is None:
                yield f"{path} refers to {reference}, which is not there"


# ---- what is listed is used

def used():
    code = "".join(text_of(path) for path in tracked(".c", ".h")
                   if path.parts[0] in {"daemon", "storage", "config", "protocol"})
    settings = re.findall(r"^(?:TEXT|LIST|NETWORKS|INT|BOOL|CHOICE)\((\w+), (\w+)",
                          text_of(Path("config/options.def")), re.M)
    for group, name in settings:
        if not re.search(rf"\b{group}\s*(?:\.|->)\s*{name}\b", code):
            yield f"config/options.def: nobody reads {group}.{name}"
    messages = text_of(Path("protocol/messages.def"))
    rows = text_of(Path("daemon/core/requests.def"))
    code += "".join(f"REQUEST_{name} " for name in re.findall(r"^IN_\w+\((\w+)", rows, re.M))
    listed = re.findall(r"^(REQUEST|REPLY|ENTRY|EVENT|ERROR)\((\w+)", messages, re.M)
    for kind, name in listed:
        if not re.search(rf"\b{kind}_{name}\b", code):
            yield f"protocol/messages.def: nobody uses {kind}({name})"
    if not settings or not listed:
        yield "the tables cannot be read"


RULES = {rule.__name__: rule for rule in (floors, circles, includes, top, words, sizes, statements, asyncapi,
                                       used)}

if __name__ == "__main__":
    complaints = list(RULES[sys.argv[1]]())
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)
