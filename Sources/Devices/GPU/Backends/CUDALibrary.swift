import CGPU
import Glibc
import Support
import Synchronization

/// CUDA's driver and the compiler of its kernels, once for the process.
final class CUDALibrary: Sendable {
    let driver: CUDADriverLibrary
    let compiler: NVRTC
    let devices: [CUDADevice]
    /// For `--fast-math`; looked for when it is first asked for, since it is large.
    var products: CuBLASLt? { looked.withLock { $0.get { CuBLASLt.find(for: driver.version) } } }
    private let looked = Mutex(Looked())

    /// Why there is none.
    enum Absence: Error {
        /// No driver, or none that shows a device.
        case missing(String)
        /// A driver that shows devices, which cannot be used.
        case unusable(UnusableDriver)
    }

    static let shared = Result<CUDALibrary, Absence> { () throws(Absence) in try CUDALibrary() }

    /// What was found, after the first look.
    private struct Looked {
        private var found: CuBLASLt??

        mutating func get(_ look: () -> CuBLASLt?) -> CuBLASLt? {
            if let found { return found }
            let looked = look()
            found = .some(looked)
            return looked
        }
    }

    private init() throws(Absence) {
        driver = try CUDADriverLibrary()
        devices = driver.devices()
        if devices.isEmpty { throw .missing("CUDA's driver shows no device") }
        do throws(UnusableDriver) { compiler = try NVRTC.find(for: driver.version) } catch { throw .unusable(error) }
    }
}

/// The functions of libcuda.so.1.
final class CUDADriverLibrary: @unchecked Sendable {
    let api: gpu_cuda
    /// The newest CUDA that the driver knows.
    let version: CUDAVersion
    /// That the functions and NVRTC's cubins need.
    private static let oldest = CUDAVersion(major: 11, minor: 4)

    fileprivate init() throws(CUDALibrary.Absence) {
        let path = getenv("DEEPXML_CUDA_LIBRARY").map { String(cString: $0) } ?? "libcuda.so.1"
        var api = gpu_cuda(), number: Int32 = 0
        if let missing = gpu_cuda_load(path, &api) {
            throw .missing("CUDA's driver is not there (\(String(cString: missing)))")
        }
        guard api.DriverGetVersion(&number) == 0 else { throw Self.unusable("its version cannot be asked") }
        self.api = api
        version = CUDAVersion(number: Int(number))
        if version < Self.oldest {
            throw .unusable(
                UnusableDriver(
                    driver: .cuda, found: "the driver knows CUDA \(version) at most, and \(Self.oldest) is needed",
                    advice: "install a newer driver of NVIDIA's: release 470 or later"))
        }
        let status = api.Init(0)
        if status == GPU_CUDA_NO_DEVICE { throw .missing("CUDA's driver shows no device") }
        guard status == 0 else { throw Self.unusable(text(of: status)) }
    }

    private static func unusable(_ found: String) -> CUDALibrary.Absence {
        .unusable(
            UnusableDriver(
                driver: .cuda, found: "the driver does not start: \(found)",
                advice: "see what `nvidia-smi` says; after an update of the driver, restart the machine"))
    }

    /// `CUDA_ERROR_…: …`, as the driver names it.
    func text(of status: Int32) -> String {
        func said(_ query: (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32) -> String? {
            var text: UnsafePointer<CChar>?
            return query(status, &text) == 0 ? text.map { String(cString: $0) } : nil
        }
        let name = said(api.GetErrorName) ?? "CUDA error \(status)"
        return said(api.GetErrorString).map { "\(name): \($0)" } ?? name
    }

    fileprivate func devices() -> [CUDADevice] {
        var count: Int32 = 0
        guard api.DeviceGetCount(&count) == 0 else { return [] }
        return (0..<max(count, 0)).compactMap { ordinal in
            var handle: Int32 = 0
            return api.DeviceGet(&handle, ordinal) == 0 ? CUDADevice(driver: self, handle: handle) : nil
        }
    }
}

/// A release of CUDA's: of a driver, the newest that it knows.
struct CUDAVersion: Comparable, CustomStringConvertible {
    var major: Int, minor: Int

    init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

    /// - Parameter number: 1000 × major + 10 × minor.
    init(number: Int) { (major, minor) = (number / 1000, number % 1000 / 10) }

    static func < (a: Self, b: Self) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    var description: String { "\(major).\(minor)" }
}
