"""Compiles every kernel (Sources/CGPU/Kernels) as CUDA C++ by NVRTC, for the GPUs named: no GPU and no driver is needed.

Prints a line for each kernel: registers, shared memory and spilled bytes. Ends with 1 where a file does not compile, a kernel spills, or
an operation on floats is not rounded by itself to the nearest (what PTX does not say so, its assembler may contract). Needs PyPI's nvidia-cuda-nvrtc-cu12; Tests/gpu/nvrtc makes the environment.
"""

import ctypes
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNELS = os.path.join(ROOT, "Sources", "CGPU", "Kernels")


def library():
    for folder in sys.path:
        found = sorted(glob.glob(os.path.join(folder, "nvidia", "cuda_nvrtc", "lib", "libnvrtc.so.*")))
        if found:
            return ctypes.CDLL(found[0])
    sys.exit("no libnvrtc: pip install nvidia-cuda-nvrtc-cu12")


def programs():
    """The programs as KernelPrograms.swift puts them together: name, text; the classifiers' in bfloat16 too."""
    source = open(os.path.join(ROOT, "Sources", "Devices", "GPU", "KernelPrograms.swift")).read()
    names = re.search(r"^    case ([\w, \n]+?)\n\n", source, re.M).group(1).replace("\n", " ").replace(" ", "").split(",")
    tiled = re.findall(r"\.(\w+)", re.search(r"\[([^\]]*)\]\.contains\(self\)", source).group(1))

    def text(name):
        return open(os.path.join(KERNELS, name)).read()

    for name in names:
        shared = ["numbers.cl", "tiles.cl"] if name in tiled else ["numbers.cl"]
        whole = "".join(text(file) for file in ["dialect_cuda.cl", *shared, f"{name}.cl"])
        yield name, whole
        if name == "classifiers":
            yield f"{name} bf16", "#define ROUNDED_INPUTS\n" + whole


def compiled(nvrtc, name, text, arch):
    """The log of the compiler and of its assembler, and the PTX between them; with the host's options (CUDABackend.swift)."""
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), f"{name}.cl".encode(), 0, None, None)
    options = [f"--gpu-architecture={arch}", *host_options(), "--ptxas-options=-v"]
    array = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    code = nvrtc.nvrtcCompileProgram(program, len(options), array)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetPTX(program, ptx)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return code, log.value.decode(), ptx.value.decode()


def host_options():
    """What the program itself compiles with, beside the architecture."""
    source = open(os.path.join(ROOT, "Sources", "Devices", "GPU", "Backends", "CUDABackend.swift")).read()
    return re.findall(r'"(--[^"]+)"', re.search(r"options = \[target.option, ([^\]]*)\]", source).group(1))


def unrounded(ptx, flushing):
    """Operations on floats that are not rounded to the nearest, each by itself; `flushing`: multiply-adds may flush small results."""
    found = set(re.findall(r"\b(?:add|sub|mul|mad|fma|div|sqrt|rcp)\.(?!rn\.f32\b)[\w.]*f32\b", ptx))
    return sorted(found - {"fma.rn.ftz.f32"} if flushing else found)


def main(archs):
    nvrtc, failed, kernels = library(), [], 0
    for arch in archs:
        for name, text in programs():
            code, log, ptx = compiled(nvrtc, name, text, arch)
            if code != 0:
                failed.append(f"{name} for {arch}")
                print(f"FAILED  {name} for {arch}\n{log}")
                continue
            if unrounded(ptx, "bf16" in name):
                failed.append(f"{name} for {arch}: {', '.join(unrounded(ptx, 'bf16' in name))}")
            found = re.findall(
                r"Compiling entry function '(\w+)' for '(\w+)'.*?(\d+) bytes spill stores, (\d+) bytes spill loads.*?"
                r"Used (\d+) registers(?:[^\n]*?(\d+) bytes smem)?",
                log, re.S,
            )  # fmt: skip
            wanted = set(re.findall(r"^KERNEL (\w+)", text, re.M))
            if {kernel for kernel, *_ in found} != wanted:
                failed.append(f"{name} for {arch}: kernels missing from the log")
                print(f"FAILED  {name} for {arch}: {sorted(wanted - {k for k, *_ in found})} not in\n{log}")
            for kernel, _, stores, loads, registers, shared in found:
                kernels += 1
                print(f"{arch}  {name:16} {kernel:28} {registers:>3} registers {shared or 0:>6} bytes shared")
                if stores != "0" or loads != "0":
                    failed.append(f"{kernel} for {arch} spills {stores} and {loads} bytes")
    print(f"{kernels} kernels compiled, {len(failed)} failures")
    for failure in failed:
        print(f"FAILED  {failure}")
    return 1 if failed or kernels == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sm_80", "sm_90"]))
