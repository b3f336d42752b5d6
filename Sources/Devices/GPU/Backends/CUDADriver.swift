import CGPU
import Glibc
import Support

/// NVIDIA's GPUs through CUDA: the driver runs what NVRTC compiles.
struct CUDADriver: GPUDriver {
    let kind = GPUDescription.Driver.cuda

    func look(fastMath: Bool) -> GPULook {
        do throws(CUDALibrary.Absence) {
            let library = try CUDALibrary.shared.get(), all = library.devices
            let unsuited = all.filter { library.compiler.target(for: $0.capability) == nil }
            var look = GPULook(
                devices: all.enumerated().filter { library.compiler.target(for: $1.capability) != nil }.map { index, device in
                    device.description(index: index, library, asksContext: all.count == 1, fastMath: fastMath)
                })
            if let device = unsuited.first {
                look.unusable = UnusableDriver(
                    driver: kind,
                    found: "NVRTC \(library.compiler.version) does not compile for \(device.name), compute capability "
                        + "\(device.capability)", advice: NVRTC.advice(for: library.driver.version))
            }
            return look
        } catch {
            switch error {
            case .missing(let text): return GPULook(missing: text)
            case .unusable(let driver): return GPULook(unusable: driver)
            }
        }
    }

    func open(_ device: GPUDescription) throws -> any GPUBackend {
        guard case .success(let library) = CUDALibrary.shared, library.devices.indices.contains(device.index),
            let target = library.compiler.target(for: library.devices[device.index].capability)
        else {
            throw Failure(
                .outOfResources, "the device is no longer there", at: device.name, found: "no such device of CUDA's",
                advice: "`deepxml-dist doctor` shows the devices")
        }
        let context = try CUDAContext(library.driver, library.devices[device.index].handle, device)
        let products = device.usesFastMath ? try library.products.map { try CuBLASLtProducts($0, context) } : nil
        return CUDABackend(context, library.compiler, target, products: products)
    }
}

/// A device as CUDA's driver describes it.
struct CUDADevice: Sendable {
    let driver: CUDADriverLibrary
    /// CUdevice.
    let handle: Int32

    var name: String { text { driver.api.DeviceGetName($0, $1, handle) } }

    /// 9.0 of sm_90.
    var capability: CUDAVersion {
        CUDAVersion(major: attribute(GPU_CUDA_CAPABILITY_MAJOR), minor: attribute(GPU_CUDA_CAPABILITY_MINOR))
    }

    /// - Parameters:
    ///   - asksContext: whether a context may be made to learn what is free: it takes a part of a second and memory, so only where not every
    ///     worker would make one on every device.
    ///   - fastMath: whether the library of matrix products is looked for.
    func description(index: Int, _ library: CUDALibrary, asksContext: Bool, fastMath: Bool) -> GPUDescription {
        var total = 0
        _ = driver.api.DeviceTotalMem(&total, handle)
        var description = GPUDescription(
            driver: .cuda, index: index, name: name, version: driver.version.description, totalBytes: total,
            freeBytes: freeBytes(asksContext), identity: identity, isIntegrated: attribute(GPU_CUDA_INTEGRATED) != 0,
            capability: capability.description, compiler: "NVRTC \(library.compiler.version)")
        if fastMath, description.hasTensorCores { description.productLibrary = library.products.map { "cuBLASLt \($0.version)" } }
        return description
    }

    private var bus: String { text { driver.api.DeviceGetPCIBusId($0, $1, handle) } }

    /// Its place on the PCI bus; of a part of a GPU (MIG), which it shares with others, with what tells it from them.
    private var identity: String {
        let place = PCIPlace(bus)?.description ?? ""
        guard let own = uuid(driver.api.DeviceGetUuid), let whole = uuid(driver.api.DeviceGetWholeUuid), own != whole else {
            return place
        }
        return "\(place)/\(own.map { String($0, radix: 16) }.joined())"
    }

    private func uuid(_ query: ((UnsafeMutablePointer<UInt8>?, Int32) -> Int32)?) -> [UInt8]? {
        guard let query else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        return query(&bytes, handle) == 0 ? bytes : nil
    }

    /// As NVIDIA's management library says; else, where it may, as a context says.
    private func freeBytes(_ asksContext: Bool) -> Int? {
        if !identity.contains("/"), let free = NVML.shared?.freeBytes(bus: bus) { return free }
        var context: cuda_handle?, free = 0, total = 0
        guard asksContext, driver.api.DevicePrimaryCtxRetain(&context, handle) == 0 else { return nil }
        defer { _ = driver.api.DevicePrimaryCtxRelease(handle) }
        guard driver.api.CtxSetCurrent(context) == 0, driver.api.MemGetInfo(&free, &total) == 0 else { return nil }
        return free
    }

    private func attribute(_ query: some BinaryInteger) -> Int {
        var value: Int32 = 0
        return driver.api.DeviceGetAttribute(&value, Int32(query), handle) == 0 ? Int(value) : 0
    }

    private func text(_ query: (UnsafeMutablePointer<CChar>?, Int32) -> Int32) -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard query(&bytes, Int32(bytes.count)) == 0 else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// NVIDIA's management library: what is free on a device, without a context on it.
private struct NVML: @unchecked Sendable {
    private let api: gpu_nvml

    static let shared = NVML()

    /// nil where it is not there: some containers have the driver alone. A stand-in of CUDA's driver brings its own.
    private init?() {
        var api = gpu_nvml()
        let path = getenv("DEEPXML_CUDA_LIBRARY").map { String(cString: $0) } ?? "libnvidia-ml.so.1"
        guard gpu_nvml_load(path, &api) == nil, api.Init() == 0 else { return nil }
        self.api = api
    }

    func freeBytes(bus: String) -> Int? {
        var device: cuda_handle?, memory = gpu_nvml_memory()
        guard api.DeviceGetHandleByPciBusId(bus, &device) == 0, api.DeviceGetMemoryInfo(device, &memory) == 0 else { return nil }
        return Int(memory.free)
    }
}

/// A place on the PCI bus as all drivers' devices are compared: domain:bus:device:function, hexadecimal, without leading zeros.
struct PCIPlace: CustomStringConvertible {
    let description: String

    /// - Parameter text: `0000:3B:00.0`, as CUDA writes it.
    init?(_ text: String) {
        let numbers = text.split { $0 == ":" || $0 == "." }.map { UInt32($0, radix: 16) }
        guard numbers.count == 4, numbers.allSatisfy({ $0 != nil }) else { return nil }
        description = numbers.compactMap { $0.map { String($0, radix: 16) } }.joined(separator: ":")
    }
}
