"""Other people's servers, as Debian packages them, each told to hold nobody up: tests/bench/README.md
lists the packages. They store nothing, but for Mosquitto with QoS 1."""
import os
import shutil
import stat
import tempfile

from servers import Server, free_port

INSPIRCD = """
<config format="xml">
<server name="bench.local" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.local">
<bind address="127.0.0.1" port="{port}" type="clients" hook="websocket">
<module name="sha1"><module name="websocket"><wsorigin allow="*"><websocket sendastext="yes">
<module name="cap"><module name="ircv3_echomessage">
<connect name="all" allow="*" timeout="120" pingfreq="3600" hardsendq="64M" softsendq="64M" recvq="1M"
 threshold="1000000000" commandrate="1000000000" fakelag="no" localmax="100000" globalmax="100000"
 maxchans="1000" useident="no" resolvehostnames="no" limit="100000">
<performance softlimit="100000" somaxconn="1024" quietbursts="yes">
<options defaultmodes="n" announceinvites="none">
<log method="file" type="*" level="default" target="{folder}/log">
<pid file="{folder}/pid">
"""
NGIRCD = """
[Global]
Name = bench.local
Info = bench
AdminEMail = bench@bench.local
Ports = {port}
Listen = 127.0.0.1
MotdPhrase = ready
ServerUID = {user}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
"""
MOSQUITTO = """
listener 0 {folder}/socket
listener {port} lo
protocol websockets
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
log_dest none
{persistence}
"""


def _folder(name, text, **words):
    """A folder of its own, which whoever the server runs as may write to, with its configuration."""
    folder = tempfile.mkdtemp(prefix="hearth-bench-")
    os.chmod(folder, stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
    with open(f"{folder}/{name}", "w") as out:
        out.write(text.format(folder=folder, **words))
    return folder


def inspircd(_build):
    """Over WebSocket, with echo-message: senders are told their own messages, as everywhere here."""
    port = free_port()
    folder = _folder("conf", INSPIRCD, port=port)
    return Server("InspIRCd", "irc-echo",
                  ["inspircd", "--runasroot", "--nofork", "--config", f"{folder}/conf"], port=port)


def ngircd(_build):
    """In lines over TCP, since it knows no WebSocket; senders are not told their own messages."""
    port = free_port()
    folder = _folder("conf", NGIRCD, port=port, user="root")
    return Server("ngIRCd (TCP)", "irc", ["ngircd", "--nodaemon", "--config", f"{folder}/conf"], port=port)


# With no other listener than a WebSocket's, 2.0.11 does not start.
def _mosquitto(name, dialect, persistence):
    port = free_port()
    folder = _folder("conf", MOSQUITTO, port=port, persistence=persistence)
    with open(f"{folder}/conf") as conf:
        text = conf.read().replace("FOLDER", folder)
    with open(f"{folder}/conf", "w") as conf:
        conf.write(text)
    return Server(name, dialect, ["mosquitto", "-c", f"{folder}/conf"], port=port)


def mosquitto_qos0(_build):
    return _mosquitto("Mosquitto, QoS 0", "mqtt0", "persistence false")


def mosquitto_qos1(_build):
    """Sessions are kept, and what is under way to them."""
    return _mosquitto("Mosquitto, QoS 1, persistence", "mqtt1",
                      "persistence true\npersistence_location FOLDER/\nuser root")


def all_installed():
    """Those whose programs are there."""
    wanted = [("inspircd", inspircd), ("ngircd", ngircd), ("mosquitto", mosquitto_qos0),
              ("mosquitto", mosquitto_qos1)]
    return [start for program, start in wanted if shutil.which(program)]
