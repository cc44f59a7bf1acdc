import asyncio

import numpy as np


async def main(kind):
    match kind:
        case "ones":
            values = np.ones(2)
        case _:
            values = np.zeros(2)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
    except* ValueError:
        print("failed")
    return values


print(asyncio.run(main("ones")))
