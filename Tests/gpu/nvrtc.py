"""Compiles every kernel (Sources/CGPU/Kernels) as CUDA C++ by NVRTC, for the GPUs named: no GPU and no driver is needed.

Prints a line for each kernel: registers, shared memory and spilled bytes. Ends with 1 where a file does not compile, or a kernel
spills. Needs PyPI's nvidia-cuda-nvrtc-cu12; Tests/gpu/nvrtc makes the environment.
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
    """The programs as KernelPrograms.swift puts them together: name -> text."""
    source = open(os.path.join(ROOT, "Sources", "Devices", "GPU", "KernelPrograms.swift")).read()
    names = re.search(r"^    case ([\w, \n]+?)\n\n", source, re.M).group(1).replace("\n", " ").replace(" ", "").split(",")
    tiled = re.findall(r"\.(\w+)", re.search(r"\[([^\]]*)\]\.contains\(self\)", source).group(1))

    def text(name):
        return open(os.path.join(KERNELS, name)).read()

    for name in names:
        shared = ["numbers.cl", "tiles.cl"] if name in tiled else ["numbers.cl"]
        yield name, "".join(text(file) for file in ["dialect_cuda.cl", *shared, f"{name}.cl"])


def compiled(nvrtc, name, text, arch):
    """The log of the compiler and of its assembler."""
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), f"{name}.cl".encode(), 0, None, None)
    options = [f"--gpu-architecture={arch}", "--fmad=false", "--std=c++17", "--ptxas-options=-v"]
    array = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    code = nvrtc.nvrtcCompileProgram(program, len(options), array)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return code, log.value.decode()


def main(archs):
    nvrtc, failed, kernels = library(), [], 0
    for arch in archs:
        for name, text in programs():
            code, log = compiled(nvrtc, name, text, arch)
            if code != 0:
                failed.append(f"{name} for {arch}")
                print(f"FAILED  {name} for {arch}\n{log}")
                continue
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
                print(f"{arch}  {name:12} {kernel:28} {registers:>3} registers {shared or 0:>6} bytes shared")
                if stores != "0" or loads != "0":
                    failed.append(f"{kernel} for {arch} spills {stores} and {loads} bytes")
    print(f"{kernels} kernels compiled, {len(failed)} failures")
    for failure in failed:
        print(f"FAILED  {failure}")
    return 1 if failed or kernels == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sm_80", "sm_90"]))
