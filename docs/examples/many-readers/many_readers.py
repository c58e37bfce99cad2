"""Readers each see every message, at their own speed, by plain HTTP: python3 many_readers.py [address]"""
import json
import sys
import urllib.error
import urllib.request
import uuid

SERVICE = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7071").rstrip("/")
QUEUE = "/v1.0/many-readers-py/news"
READERS = "/readers/many-readers-py/news/"


def send(method, path, body=None):
    """Sends a request; None if nothing is there."""
    request = urllib.request.Request(SERVICE + path, data=body, method=method)
    try:
        return urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def read(name, count):
    """Reads behind the reader's cursor, which the service keeps, and moves it."""
    place = "reader=" + name if send("GET", READERS + name) else ""
    with send("GET", f"{QUEUE}?limit={count}&wait=20&{place}") as answer:
        for message in json.load(answer):
            print(f"{name}: {message['body']}")
        send("PUT", READERS + name, json.dumps({"after": answer.headers["Burrow-Marker"]}).encode())


send("DELETE", QUEUE)
for news in ("rain", "sun"):
    send("PUT", f"{QUEUE}/{uuid.uuid4().hex}", news.encode())
read("radio", 1)
read("paper", 2)
send("PUT", f"{QUEUE}/{uuid.uuid4().hex}", b"wind")
# Each goes on where it was, also after this program has ended.
read("radio", 2)
read("paper", 1)
send("DELETE", READERS + "radio")
send("DELETE", READERS + "paper")
