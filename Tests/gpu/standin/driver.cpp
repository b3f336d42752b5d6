// libcuda.so.1: devices, contexts, memory and programs. The entry points have the signatures of CUDA's driver API.
#include "driver.h"
#include <algorithm>
#include <unistd.h>

Driver driver;
thread_local Context *current = nullptr;

/// 32 digits: of the host's name and the device's number.
std::string Driver::identity(int device) const {
    char host[256] = "", text[33];
    gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text, "%016lx%016lx", (unsigned long)hash_of(host, strlen(host)), 0xC0DA000000000000ul + device);
    return text;
}

/// CUDA_VISIBLE_DEVICES: numbers, or GPU- and the first digits of an identity. What stands behind the first that is not there is not
/// looked at, and nothing is to be seen where one stands twice.
Status Driver::begin() {
    if (Status status = (Status)setting("STANDIN_INIT_ERROR", 0)) return status;
    int count = (int)std::clamp(setting("STANDIN_DEVICES", 1), 0l, 16l);
    visible.clear();
    const char *chosen = getenv("CUDA_VISIBLE_DEVICES");
    for (int i = 0; !chosen && i < count; i++) visible.push_back(i);
    for (std::string rest = chosen ? chosen : ""; !rest.empty();) {
        int number = -1;
        std::string word = rest.substr(0, rest.find(','));
        rest.erase(0, word.size() + 1);
        std::string digits = word.rfind("GPU-", 0) == 0 ? word.substr(4) : "";
        digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
        if (digits.empty()) number = word.empty() || !isdigit(word[0]) ? -1 : atoi(word.c_str());
        for (int i = 0; !digits.empty() && i < count; i++)
            if (identity(i).rfind(digits, 0) == 0) number = i;
        if (number < 0 || number >= count) break;
        if (std::count(visible.begin(), visible.end(), number)) {
            visible.clear();
            break;
        }
        visible.push_back(number);
    }
    begun = true;
    for (int i = 0; i < 16; i++) contexts[i].device = i;
    return visible.empty() ? NoDevice : Success;
}

/// Of the machine's first device on the PCI bus.
static const unsigned first_bus = 0x3B;

static bool is_device(int device) { return device >= 0 && device < (int)driver.visible.size(); }

ENTRY cuInit(unsigned flags) {
    Call call;
    return flags ? InvalidValue : driver.begin();
}

ENTRY cuDriverGetVersion(int *version) {
    *version = (int)setting("STANDIN_DRIVER_VERSION", 12080);
    return Success;
}

ENTRY cuDeviceGetCount(int *count) {
    Call call;
    *count = (int)driver.visible.size();
    return call.begun();
}

ENTRY cuDeviceGet(int *device, int ordinal) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(ordinal)) return InvalidDevice;
    *device = ordinal;
    return Success;
}

ENTRY cuDeviceGetName(char *name, int length, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    snprintf(name, length, "Stand-in GPU");
    return Success;
}

ENTRY cuDeviceGetUuid(unsigned char *uuid, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    std::string digits = driver.identity(driver.visible[device]);
    for (int i = 0; i < 16; i++) uuid[i] = (unsigned char)std::stoi(digits.substr(2 * i, 2), nullptr, 16);
    return Success;
}

ENTRY cuDeviceGetUuid_v2(unsigned char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }

ENTRY cuDeviceGetPCIBusId(char *text, int length, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    snprintf(text, length, "0000:%02X:00.0", first_bus + driver.visible[device]);
    return Success;
}

ENTRY cuDeviceTotalMem_v2(size_t *bytes, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    *bytes = driver.memory.total();
    return Success;
}

ENTRY cuDeviceGetAttribute(int *value, int attribute, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    switch (attribute) {
    case 1: *value = 1024; return Success; // MAX_THREADS_PER_BLOCK
    case 2:
    case 3: *value = 1024; return Success;       // MAX_BLOCK_DIM_X, _Y
    case 4: *value = 64; return Success;         // MAX_BLOCK_DIM_Z
    case 5: *value = 0x7FFFFFFF; return Success; // MAX_GRID_DIM_X
    case 6:
    case 7: *value = 65535; return Success;                                    // MAX_GRID_DIM_Y, _Z
    case 8: *value = 49152; return Success;                                    // MAX_SHARED_MEMORY_PER_BLOCK
    case 10: *value = 32; return Success;                                      // WARP_SIZE
    case 16: *value = 4; return Success;                                       // MULTIPROCESSOR_COUNT
    case 18: *value = (int)setting("STANDIN_INTEGRATED", 0); return Success;   // INTEGRATED
    case 20: *value = (int)setting("STANDIN_COMPUTE_MODE", 0); return Success; // COMPUTE_MODE
    case 75: *value = driver.arch() / 10; return Success;                      // COMPUTE_CAPABILITY_MAJOR
    case 76: *value = driver.arch() % 10; return Success;                      // COMPUTE_CAPABILITY_MINOR
    case 97: *value = 232448; return Success;                                  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    default: return wrong(InvalidValue, "attribute %d is not known", attribute);
    }
}

ENTRY cuDevicePrimaryCtxRetain(void **context, int device) {
    Call call;
    if (Status status = call.begun()) return status;
    if (!is_device(device)) return InvalidDevice;
    driver.contexts[device].users++;
    *context = &driver.contexts[device];
    return Success;
}

/// With the last user all that is the context's goes; what was left is said, since it was forgotten.
ENTRY cuDevicePrimaryCtxRelease_v2(int device) {
    Call call;
    if (!is_device(device) || driver.contexts[device].users == 0) return InvalidContext;
    if (--driver.contexts[device].users > 0) return Success;
    size_t left = std::count_if(driver.memory.blocks.begin(), driver.memory.blocks.end(),
                                [device](auto &each) { return each.second.device == device; });
    if (left && driver.lost == Success && getenv("STANDIN_LEAKS")) wrong(Success, "%zu blocks of memory were not freed", left);
    return Success;
}

ENTRY cuCtxSetCurrent(void *context) {
    Call call;
    if (Status status = call.begun()) return status;
    auto own = (Context *)context;
    if (own && (own < driver.contexts || own >= driver.contexts + 16 || own->users == 0))
        return wrong(InvalidContext, "cuCtxSetCurrent: a context that is not there");
    current = own;
    return Success;
}

ENTRY cuMemGetInfo_v2(size_t *free, size_t *total) {
    Call call;
    if (Status status = call.ready("cuMemGetInfo")) return status;
    *total = driver.memory.total();
    *free = *total - driver.memory.busy() - driver.memory.used[current->device];
    return Success;
}

ENTRY cuMemAlloc_v2(uintptr_t *memory, size_t bytes) {
    Call call;
    if (Status status = call.ready("cuMemAlloc")) return status;
    return driver.memory.allocate(memory, bytes, current->device);
}

ENTRY cuMemFree_v2(uintptr_t memory) {
    Call call;
    if (Status status = call.ready("cuMemFree")) return status;
    if (Status status = driver.finish()) return status;
    if (Status status = driver.memory.free(memory))
        return driver.lost = status == IllegalAddress ? status : driver.lost, status;
    return Success;
}

ENTRY cuMemHostAlloc(void **host, size_t bytes, unsigned) {
    Call call;
    if (Status status = call.ready("cuMemHostAlloc")) return status;
    return driver.memory.pin(host, bytes);
}

ENTRY cuMemFreeHost(void *host) {
    Call call;
    if (Status status = call.ready("cuMemFreeHost")) return status;
    if (Status status = driver.finish()) return status;
    return driver.memory.unpin(host);
}

ENTRY cuModuleLoadData(void **module, const void *image) {
    Call call;
    if (Status status = call.ready("cuModuleLoadData")) return status;
    auto made = std::make_unique<Module>();
    made->device = current->device;
    if (Status status = made->load(image, driver.arch())) return status;
    driver.modules.insert(made.get());
    *module = made.release();
    return Success;
}

ENTRY cuModuleUnload(void *handle) {
    Call call;
    if (Status status = call.ready("cuModuleUnload")) return status;
    auto module = (Module *)handle;
    if (!driver.modules.count(module)) return wrong(InvalidHandle, "cuModuleUnload: a module that is not there");
    if (Status status = driver.finish()) return status;
    for (auto &each : module->functions) driver.functions.erase(each.second.get());
    driver.modules.erase(module);
    delete module;
    return Success;
}

ENTRY cuModuleGetFunction(void **function, void *handle, const char *name) {
    Call call;
    if (Status status = call.ready("cuModuleGetFunction")) return status;
    auto module = (Module *)handle;
    if (!driver.modules.count(module)) return wrong(InvalidHandle, "cuModuleGetFunction: a module that is not there");
    Function *found;
    if (Status status = module->find(name, &found)) return status;
    driver.functions.insert(found);
    *function = found;
    return Success;
}

ENTRY cuFuncSetAttribute(void *function, int, int) {
    Call call;
    if (Status status = call.ready("cuFuncSetAttribute")) return status;
    return driver.functions.count((Function *)function) ? Success : InvalidHandle;
}

ENTRY cuFuncGetAttribute(int *value, int attribute, void *function) {
    Call call;
    if (Status status = call.ready("cuFuncGetAttribute")) return status;
    if (!driver.functions.count((Function *)function)) return InvalidHandle;
    switch (attribute) {
    case 0: *value = 1024; return Success;                                             // MAX_THREADS_PER_BLOCK
    case 1: *value = (int)((Function *)function)->kernel.shared_bytes; return Success; // SHARED_SIZE_BYTES
    case 3: *value = 0; return Success;                                                // LOCAL_SIZE_BYTES
    case 4: *value = 32; return Success;                                               // NUM_REGS
    default: return wrong(InvalidValue, "attribute %d of a function is not known", attribute);
    }
}

/// NVML, which a test finds in the same library (DEEPXML_CUDA_LIBRARY): what is free on a device, without a context.
ENTRY nvmlInit_v2() { return Success; }

ENTRY nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **device) {
    unsigned number = 0;
    if (sscanf(bus, "%*x:%x:", &number) != 1 || number < first_bus || number >= first_bus + 16) return 6;
    *device = (void *)(uintptr_t)number;
    return Success;
}

ENTRY nvmlDeviceGetMemoryInfo(void *device, unsigned long long *total_free_used) {
    Call call;
    size_t total = driver.memory.total(), used = driver.memory.busy();
    for (size_t i = 0; i < driver.visible.size(); i++)
        if (driver.visible[i] + first_bus == (uintptr_t)device) used += driver.memory.used[i];
    total_free_used[0] = total;
    total_free_used[1] = total - used;
    total_free_used[2] = used;
    return Success;
}

/// For libcublasLt.so.12, which has no other way to the driver: whether a call may be made on a stream, what is memory of the device, work for
/// the stream, and a product that the device is lost in.
ENTRY standinReady(Stream *stream) {
    Call call;
    return call.ready("cublasLt", stream);
}

ENTRY standinHolds(uintptr_t place, size_t bytes) {
    Call call;
    return current && driver.memory.holds(place, bytes, current->device);
}

ENTRY standinIssue(Stream *stream, void (*work)(void *), void *data) {
    Call call;
    if (Status status = call.ready("cublasLt", stream)) return status;
    return driver.issue(stream, [=] { return work(data), Success; });
}

ENTRY standinLose() {
    Call call;
    return driver.lost = LaunchFailed;
}

static const struct {
    Status status;
    const char *name, *text;
} errors[] = {
    {Success, "CUDA_SUCCESS", "no error"},
    {InvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {NoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {InvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {InvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {InvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NoBinaryForGPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {InvalidPTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {InvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {IllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {(Status)802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {(Status)803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {Unknown, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

ENTRY cuGetErrorName(int error, const char **name) {
    for (auto &each : errors)
        if (each.status == error) return *name = each.name, Success;
    return *name = nullptr, InvalidValue;
}

ENTRY cuGetErrorString(int error, const char **text) {
    for (auto &each : errors)
        if (each.status == error) return *text = each.text, Success;
    return *text = nullptr, InvalidValue;
}
