"""Asks a cascade from Python: plain JSON to the workflow "cascade", nothing of Escalier's is installed here.

    pip install temporalio
    python ask.py --task support-triage "My invoice is wrong."
"""

import argparse
import asyncio
import json
import os
import uuid

from temporalio.client import Client


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("question")
    parser.add_argument("--task", required=True, help="a task of escalier.yaml")
    parser.add_argument("--address", default="localhost:7233", help="Temporal's gRPC address")
    parser.add_argument("--task-queue", default="escalier", help="the workers' task queue")
    parser.add_argument("--key", default=None, help="idempotency key: the same key is billed once")
    options = parser.parse_args()

    client = await Client.connect(options.address)
    answer = await client.execute_workflow(
        "cascade",
        {"task": options.task, "messages": [{"role": "user", "content": options.question}]},
        id=options.key or str(uuid.uuid4()),
        task_queue=options.task_queue,
    )
    print(json.dumps(answer, indent=2), flush=True)


asyncio.run(main())
# The SDK's native threads can crash an interpreter that is shutting down (seen with temporalio 1.35 on Python 3.11).
# The answer is out and nothing is left to clean up, so the interpreter's own shutdown is skipped.
os._exit(0)
