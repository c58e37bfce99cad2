"""Workers share the messages of a queue, by plain HTTP: python3 work_queue.py [address]"""
import json
import sys
import threading
import urllib.error
import urllib.request
import uuid

QUEUE = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7071").rstrip("/") + "/v1.0/work-queue-py/orders"
baked = []


def send(method, path, body=None, headers=None):
    """Sends a request; None if nothing is there, or the claim is lost."""
    request = urllib.request.Request(QUEUE + path, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        if error.code in (404, 412):
            return None
        raise


def work():
    # A claim hides a message for a minute. If this worker dies, the message is back after that.
    while claimed := send("POST", "?limit=1&hide=60&wait=1&detail=full"):
        for message in json.loads(claimed):
            baked.append("baked " + message["body"])
            # With its receipt, a worker that was too slow does not delete the next one's message.
            send("DELETE", "/" + message["id"], headers={"If-Match": message["etag"]})


for i in range(1, 11):
    # If-None-Match: a put that is sent again after a lost answer does not put twice.
    send("PUT", "/" + uuid.uuid4().hex, b"pizza %02d" % i, {"If-None-Match": "*"})
workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print("\n".join(sorted(baked)))
