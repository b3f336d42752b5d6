import CGPU
import Support

/// OpenCL through the loader (ICD) that shows every vendor's devices, and PoCL's.
struct OpenCLDriver: GPUDriver {
    let kind = GPUDescription.Driver.openCL

    func look() -> GPULook {
        do {
            let devices = try OpenCLLibrary.shared.get().devices()
            if !devices.isEmpty { return GPULook(devices: devices.enumerated().map { $1.description(index: $0) }) }
            return GPULook(missing: "OpenCL's loader is there, but no driver shows it a device")
        } catch {
            return GPULook(missing: Failure.short(error))
        }
    }

    func open(_ device: GPUDescription) throws -> any GPUBackend {
        let library = try OpenCLLibrary.shared.get(), devices = library.devices()
        guard devices.indices.contains(device.index) else {
            throw Failure(
                .outOfResources, "the device is no longer there", at: device.name, found: "\(devices.count) devices",
                advice: "`deepxml-dist doctor` shows the devices")
        }
        return try OpenCLBackend(library, devices[device.index], device)
    }
}

/// The functions of OpenCL, once for the process.
final class OpenCLLibrary: @unchecked Sendable {
    let api: gpu_opencl

    /// Names of the loader: Debian's, and that of its development package.
    private static let names = ["libOpenCL.so.1", "libOpenCL.so"]

    static let shared = Result<OpenCLLibrary, Failure> { () throws(Failure) in try OpenCLLibrary() }

    private init() throws(Failure) {
        var api = gpu_opencl(), problem = ""
        for name in Self.names {
            guard let missing = gpu_opencl_load(name, &api) else {
                self.api = api
                return
            }
            if problem.isEmpty { problem = String(cString: missing) }
        }
        throw Failure(
            .outOfResources, "OpenCL is not there", found: problem,
            expected: "libOpenCL.so.1 and a driver of the device's vendor",
            advice: "install ocl-icd-libopencl1 and the vendor's OpenCL driver")
    }

    /// Of all platforms, GPUs before processors.
    func devices() -> [OpenCLDevice] {
        var count: UInt32 = 0
        guard api.GetPlatformIDs(0, nil, &count) == 0, count > 0 else { return [] }
        var platforms = [cl_handle?](repeating: nil, count: Int(count))
        guard api.GetPlatformIDs(count, &platforms, nil) == 0 else { return [] }
        let all = platforms.compactMap { $0 }.flatMap { platform -> [OpenCLDevice] in
            var count: UInt32 = 0
            let types = UInt64(GPU_CL_TYPE_CPU | GPU_CL_TYPE_GPU | GPU_CL_TYPE_ACCELERATOR)
            guard api.GetDeviceIDs(platform, types, 0, nil, &count) == 0, count > 0 else { return [] }
            var handles = [cl_handle?](repeating: nil, count: Int(count))
            guard api.GetDeviceIDs(platform, types, count, &handles, nil) == 0 else { return [] }
            return handles.compactMap { $0.map { OpenCLDevice(library: self, handle: $0) } }
        }
        return all.filter { !$0.isProcessor } + all.filter(\.isProcessor)
    }
}

/// A device as OpenCL describes it.
struct OpenCLDevice: @unchecked Sendable {
    let library: OpenCLLibrary
    let handle: cl_handle

    var isProcessor: Bool { number(GPU_CL_DEVICE_TYPE) & UInt64(GPU_CL_TYPE_CPU) != 0 }

    /// Bytes that are free; nil where the vendor has no query for it.
    var freeBytes: Int? {
        var kibibytes = [UInt](repeating: 0, count: 2)
        let status = kibibytes.withUnsafeMutableBytes {
            library.api.GetDeviceInfo(handle, UInt32(GPU_CL_DEVICE_GLOBAL_FREE_MEMORY_AMD), $0.count, $0.baseAddress, nil)
        }
        return status == 0 ? Int(kibibytes[0]) << 10 : nil
    }

    /// Whether one division and one square root are rounded as IEEE 754 says, where the compiler is asked to.
    var roundsDivisions: Bool { number(GPU_CL_DEVICE_SINGLE_FP_CONFIG) & UInt64(GPU_CL_FP_ROUNDED_DIVIDE_SQRT) != 0 }

    var hasDoubles: Bool { number(GPU_CL_DEVICE_DOUBLE_FP_CONFIG) != 0 }

    func description(index: Int) -> GPUDescription {
        GPUDescription(
            driver: .openCL, index: index, name: text(GPU_CL_DEVICE_NAME),
            version: "driver \(text(GPU_CL_DEVICE_DRIVER_VERSION))", totalBytes: Int(number(GPU_CL_DEVICE_GLOBAL_MEM_SIZE)),
            freeBytes: freeBytes, identity: place, isProcessor: isProcessor,
            isIntegrated: !isProcessor && number(GPU_CL_DEVICE_HOST_UNIFIED_MEMORY) & 1 != 0)
    }

    /// Where it is on the PCI bus, by Khronos's query or NVIDIA's; empty where neither is there.
    private var place: String {
        var numbers = [UInt32](repeating: 0, count: 4)
        let status = numbers.withUnsafeMutableBytes {
            library.api.GetDeviceInfo(handle, UInt32(GPU_CL_DEVICE_PCI_BUS_INFO), $0.count, $0.baseAddress, nil)
        }
        if status == 0 { return numbers.map { String($0, radix: 16) }.joined(separator: ":") }
        var bus: UInt32 = 0, slot: UInt32 = 0
        guard library.api.GetDeviceInfo(handle, UInt32(GPU_CL_DEVICE_PCI_BUS_ID_NV), 4, &bus, nil) == 0,
            library.api.GetDeviceInfo(handle, UInt32(GPU_CL_DEVICE_PCI_SLOT_ID_NV), 4, &slot, nil) == 0
        else { return "" }
        return "0:\(String(bus, radix: 16)):\(String(slot, radix: 16)):0"
    }

    private func number(_ query: some BinaryInteger) -> UInt64 {
        var value: UInt64 = 0
        return library.api.GetDeviceInfo(handle, UInt32(query), 8, &value, nil) == 0 ? value : 0
    }

    private func text(_ query: some BinaryInteger) -> String {
        var size = 0
        guard library.api.GetDeviceInfo(handle, UInt32(query), 0, nil, &size) == 0, size > 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: size)
        guard library.api.GetDeviceInfo(handle, UInt32(query), size, &bytes, nil) == 0 else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
