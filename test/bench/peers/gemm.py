"""fp32 matrix products per second with torch: gemm.py THREADS REPEAT MxNxK..., prints {"MxNxK": GFLOP/s, ...}."""
import json
import sys
import time

import torch

threads = int(sys.argv[1])
torch.set_num_threads(threads)
clock = time.process_time if threads == 1 else time.perf_counter
repeat = int(sys.argv[2])
rates = {}
for shape in sys.argv[3:]:
    m, n, k = map(int, shape.split("x"))
    a, b = torch.randn(m, k), torch.randn(k, n)
    times = []
    for _ in range(6):
        start = clock()
        for _ in range(repeat):
            torch.matmul(a, b)
        times.append(clock() - start)
    rates[shape] = 2 * m * n * k * repeat / sorted(times[1:])[2] / 1e9
print(json.dumps(rates))
