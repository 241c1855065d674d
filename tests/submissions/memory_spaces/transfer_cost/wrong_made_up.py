# Returns figures that look plausible and measures nothing.
# expect: failed what_was_timed wrong_value; agreement wrong_value


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    return {
        "matmul_cpu_operands": 440.0e-3,
        "matmul_gpu_operands": 30.0e-3,
        "transfer_estimate": 440.0e-3 - 30.0e-3,
        "host_to_device": 205.0e-3,
        "device_to_host": 205.0e-3,
        "transfer_measured": 205.0e-3 + 205.0e-3,
    }


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.05 * costs["matmul_gpu_operands"]
