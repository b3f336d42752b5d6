// Tries the stand-in without the product: try FOLDER runs kernels through its two libraries, and checks what they make and what they refuse.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <string>
#include <vector>

using Handle = void *;
using Place = unsigned long long;
static Handle cuda, nvrtc;
static int failed = 0;

template <typename... P> static int call(Handle library, const char *name, P... given) {
    auto function = (int (*)(P...))dlsym(library, name);
    if (!function) printf("FAILED  %s is not there\n", name), exit(1);
    return function(given...);
}
#define CUDA(name, ...) call(cuda, #name, __VA_ARGS__)
#define NVRTC(name, ...) call(nvrtc, #name, __VA_ARGS__)

static void expect(const char *what, long found, long expected) {
    if (found == expected) {
        printf("ok      %s\n", what);
    } else {
        failed++;
        printf("FAILED  %s: %ld, not %ld\n", what, found, expected);
    }
}

static const char *const text = R"(
#define KERNEL extern "C" __global__ void
KERNEL turn(const float *x, float *y, int n, float factor) {
    __shared__ float room[256];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    room[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    for (int step = 1; step < 256; step *= 2) {
        float other = room[threadIdx.x ^ step];
        __syncthreads();
        room[threadIdx.x] = __fmaf_rn(factor, other, room[threadIdx.x]);
        __syncthreads();
    }
    if (i < n) y[i] = room[threadIdx.x];
}
KERNEL place(int *y, int n) {
    int i = (blockIdx.y * blockDim.y + threadIdx.y) * gridDim.x * blockDim.x + blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = i;
}
KERNEL divided(int *y) {
    if (threadIdx.x < 3) __syncthreads();
    y[threadIdx.x] = 1;
}
KERNEL outside(int *y, int at) { y[at] = 1; }
KERNEL exchange(float *y, int count) {
    float d[4] = {0, 0, 0, 0};
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(2.0f), "f"((float)(threadIdx.x % 32 / 4)));
    if ((int)threadIdx.x < count)
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(pair), "r"(pair), "r"(pair), "r"(pair), "r"(pair), "r"(pair));
    for (int i = 0; i < 4; i++) y[threadIdx.x * 4 + i] = d[i];
}
)";

static std::vector<char> compiled(const char *arch, const char *source, int *code) {
    Handle program;
    NVRTC(nvrtcCreateProgram, &program, source, "try.cl", 0, (const char *const *)nullptr, (const char *const *)nullptr);
    const char *options[] = {arch, "--fmad=false", "--prec-div=true", "--std=c++17"};
    *code = NVRTC(nvrtcCompileProgram, program, 4, (const char *const *)options);
    size_t size = 0;
    bool is_ptx = strstr(arch, "compute");
    NVRTC(nvrtcGetProgramLogSize, program, &size);
    std::vector<char> log(size), bytes;
    NVRTC(nvrtcGetProgramLog, program, log.data());
    if (*code) {
        expect("a compiler that fails says why", strlen(log.data()) > 0, 1);
        if (source == text && *code == 6) printf("%s\n", log.data()), exit(1);
    } else {
        call(nvrtc, is_ptx ? "nvrtcGetPTXSize" : "nvrtcGetCUBINSize", program, &size);
        bytes.resize(size);
        call(nvrtc, is_ptx ? "nvrtcGetPTX" : "nvrtcGetCUBIN", program, bytes.data());
    }
    NVRTC(nvrtcDestroyProgram, &program);
    return bytes;
}

static Handle kernel(Handle module, const char *name) {
    Handle found = nullptr;
    expect(name, CUDA(cuModuleGetFunction, &found, module, name), 0);
    return found;
}

static int launch(Handle function, unsigned gx, unsigned gy, unsigned bx, unsigned by, Handle stream,
                  std::vector<void *> given) {
    return CUDA(cuLaunchKernel, function, gx, gy, 1u, bx, by, 1u, 0u, stream, given.data(), (void **)nullptr);
}

static void turns(Handle module, Handle stream) {
    const int n = 1000;
    std::vector<float> x(1024, 0.0f), y(n), wanted(1024);
    for (int i = 0; i < n; i++) x[i] = 1.0f / (i + 1);
    Place from, to;
    CUDA(cuMemAlloc_v2, &from, sizeof(float) * n);
    CUDA(cuMemAlloc_v2, &to, sizeof(float) * n);
    CUDA(cuMemcpyHtoDAsync_v2, from, (const void *)x.data(), sizeof(float) * n, stream);
    float factor = 0.7f;
    int count = n;
    expect("a launch", launch(kernel(module, "turn"), 4, 1, 256, 1, stream, {&from, &to, &count, &factor}), 0);
    factor = 0;
    CUDA(cuMemcpyDtoHAsync_v2, (void *)y.data(), to, sizeof(float) * n, stream);
    wanted = x;
    for (int step = 1; step < 256; step *= 2) {
        auto before = wanted;
        for (int i = 0; i < 1024; i++) wanted[i] = __builtin_fmaf(0.7f, before[i ^ step], before[i]);
    }
    expect("256 threads meet at barriers", memcmp(y.data(), wanted.data(), sizeof(float) * n), 0);
    expect("memory is freed", CUDA(cuMemFree_v2, from) + CUDA(cuMemFree_v2, to), 0);
}

static void places(Handle module, Handle stream) {
    int n = 600, wrong = 0;
    std::vector<int> y(n);
    Place to;
    CUDA(cuMemAlloc_v2, &to, sizeof(int) * (size_t)n);
    expect("a launch of two axes", launch(kernel(module, "place"), 5, 4, 16, 2, stream, {&to, &n}), 0);
    CUDA(cuMemcpyDtoHAsync_v2, (void *)y.data(), to, sizeof(int) * (size_t)n, stream);
    for (int i = 0; i < n; i++) wrong += y[i] != i;
    expect("each thread has its place", wrong, 0);
    CUDA(cuMemFree_v2, to);
}

/// Row r of a has r and 2 in turn, r − 8 from the eighth on; column c of b has c and 2.
static void exchanges(Handle module, Handle stream) {
    std::vector<float> y(256);
    Place to;
    int count = 64, wrong = 0;
    CUDA(cuMemAlloc_v2, &to, sizeof(float) * y.size());
    expect("a launch of two warps", launch(kernel(module, "exchange"), 1, 1, 64, 1, stream, {&to, &count}), 0);
    CUDA(cuMemcpyDtoHAsync_v2, (void *)y.data(), to, sizeof(float) * y.size(), stream);
    for (int i = 0; i < 256; i++) {
        int lane = i / 4 % 32, row = lane / 4, col = lane % 4 * 2 + i % 2;
        wrong += y[i] != 8 * (row * col + 4);
    }
    expect("the threads of a warp multiply matrices", wrong, 0);
    CUDA(cuMemFree_v2, to);
}

/// In a process of its own: what it finds is the last that its driver does.
static void fails(const char *self, const char *folder, const char *what, const char *setting, int code) {
    fflush(stdout);
    std::string command = std::string(setting) + " '" + self + "' '" + folder + "' " + what + " 2>/dev/null";
    int status = system(command.c_str());
    expect(setting[0] ? setting : what, status >> 8, code);
}

static int last(Handle module, Handle stream, const std::string &what) {
    Place to;
    if (int status = CUDA(cuMemAlloc_v2, &to, what == "halved" ? (size_t)512 : (size_t)100)) return status;
    int at = what == "behind" ? 25 : what == "halved" ? 20 : 1 << 20;
    Handle function = kernel(module, what == "divided" ? "divided" : what == "halved" ? "exchange" : "outside");
    if (int status = launch(function, 1, 1, what == "divided" ? 8 : what == "halved" ? 32 : 1, 1, stream, {&to, &at})) return status % 256;
    int status = CUDA(cuStreamSynchronize, stream);
    return (status ? status : CUDA(cuMemFree_v2, to)) % 256;
}

int main(int count, char **words) {
    std::string folder = count > 1 ? words[1] : ".";
    cuda = dlopen((folder + "/libcuda.so.1").c_str(), RTLD_NOW);
    nvrtc = dlopen((folder + "/libnvrtc.so.12").c_str(), RTLD_NOW);
    if (!cuda || !nvrtc) return printf("FAILED  %s\n", dlerror()), 1;
    if (int status = CUDA(cuInit, 0u)) return status % 256;
    Handle context, stream, module;
    int code;
    CUDA(cuDevicePrimaryCtxRetain, &context, 0);
    CUDA(cuCtxSetCurrent, context);
    CUDA(cuStreamCreate, &stream, 1u);
    auto image = compiled("--gpu-architecture=sm_90", text, &code);
    expect("compiled for sm_90", code, 0);
    expect("loaded", CUDA(cuModuleLoadData, &module, (const void *)image.data()), 0);
    if (count > 2) return last(module, stream, words[2]);
    turns(module, stream);
    places(module, stream);
    exchanges(module, stream);
    image = compiled("--gpu-architecture=compute_80", text, &code);
    expect("PTX is loaded", CUDA(cuModuleLoadData, &module, (const void *)image.data()), 0);
    turns(module, stream);
    image = compiled("--gpu-architecture=sm_80", text, &code);
    expect("a cubin of another major number is refused", CUDA(cuModuleLoadData, &module, (const void *)image.data()), 209);
    image[200] ^= 1;
    expect("a damaged image is refused", CUDA(cuModuleLoadData, &module, (const void *)image.data()), 200);
    compiled("--gpu-architecture=sm_90", "KERNEL wrong(", &code);
    expect("a text that is wrong", code, 6);
    compiled("--gpu-architecture=sm_33", text, &code);
    expect("an architecture that is not known", code, 5);
    fails(words[0], words[1], "divided", "", 719 % 256);
    fails(words[0], words[1], "halved", "", 719 % 256);
    fails(words[0], words[1], "outside", "", 700 % 256);
    fails(words[0], words[1], "behind", "", 700 % 256);
    fails(words[0], words[1], "inside", "STANDIN_FAIL_LAUNCH=1", 719 % 256);
    fails(words[0], words[1], "inside", "STANDIN_LOST=1", 999 % 256);
    fails(words[0], words[1], "inside", "STANDIN_FAIL_ALLOC=1", 2);
    fails(words[0], words[1], "inside", "STANDIN_MEMORY=64", 2);
    fails(words[0], words[1], "inside", "STANDIN_DEVICES=0", 100);
    fails(words[0], words[1], "inside", "CUDA_VISIBLE_DEVICES=1", 100);
    printf("%d failures\n", failed);
    return failed ? 1 : 0;
}
