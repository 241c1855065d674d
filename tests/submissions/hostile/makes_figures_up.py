# Makes six consistent figures up, and times nothing.
# exercise: memory_spaces/transfer_cost
# expect: failed what_was_timed wrong_value; agreement wrong_value; conclusion wrong_value

def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    up, down = 1e-4, 5e-5
    return {
        "matmul_cpu_operands": 1e-3 + up + down,
        "matmul_gpu_operands": 1e-3,
        "transfer_estimate": up + down,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def transfers_can_be_ignored(costs):
    return True
