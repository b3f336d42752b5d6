import CGPU
import Support

/// NVIDIA's run-time compiler.
final class NVRTC: @unchecked Sendable {
    private let api: gpu_nvrtc
    let version: CUDAVersion
    /// Compute capabilities, as 90 for 9.0, ascending.
    private let architectures: [Int]

    /// The first that is found and makes what the driver takes.
    static func find(for driver: CUDAVersion, _ places: NVRTCPlaces = NVRTCPlaces()) throws(UnusableDriver) -> NVRTC {
        var problems: [String] = []
        for path in places.paths(driver: driver.major) {
            switch load(path) {
            case .success(let found) where found.version.major <= driver.major: return found
            case .success(let found):
                problems.append("NVRTC \(found.version) (\(path)) is newer than the driver, which knows CUDA \(driver)")
            case .failure(let problem):
                // Names that the loader does not know say nothing.
                if path.contains("/") { problems.append(problem.text) }
            }
        }
        let found = problems.isEmpty ? "NVRTC, which compiles its kernels, is not there" : problems.joined(separator: "; ")
        throw UnusableDriver(driver: .cuda, found: found, advice: advice(for: driver))
    }

    static func advice(for driver: CUDAVersion) -> String {
        "`pip install nvidia-cuda-nvrtc-cu\(min(driver.major, 12))` in the active Python environment, or a CUDA toolkit of the driver's "
            + "version or older (Debian: nvidia-cuda-toolkit); DEEPXML_NVRTC_LIBRARY names a libnvrtc elsewhere"
    }

    private struct Problem: Error { var text: String }

    private static func load(_ path: String) -> Result<NVRTC, Problem> {
        var api = gpu_nvrtc(), major: Int32 = 0, minor: Int32 = 0, count: Int32 = 0
        if let missing = gpu_nvrtc_load(path, &api) {
            return .failure(Problem(text: "NVRTC cannot be used (\(path): \(String(cString: missing)))"))
        }
        guard api.Version(&major, &minor) == 0, api.GetNumSupportedArchs(&count) == 0, count > 0 else {
            return .failure(Problem(text: "NVRTC does not answer (\(path))"))
        }
        var architectures = [Int32](repeating: 0, count: Int(count))
        guard api.GetSupportedArchs(&architectures) == 0 else {
            return .failure(Problem(text: "NVRTC does not answer (\(path))"))
        }
        let version = CUDAVersion(major: Int(major), minor: Int(minor))
        return .success(NVRTC(api, version, architectures.map(Int.init).sorted()))
    }

    private init(_ api: gpu_nvrtc, _ version: CUDAVersion, _ architectures: [Int]) {
        (self.api, self.version, self.architectures) = (api, version, architectures)
    }

    /// What a device runs: its own machine code, or, where the device is newer than the compiler, PTX that the driver translates.
    enum Target: Equatable, Sendable {
        case machine(Int), ptx(Int)

        var option: String {
            switch self {
            case .machine(let number): "--gpu-architecture=sm_\(number)"
            case .ptx(let number): "--gpu-architecture=compute_\(number)"
            }
        }
    }

    /// nil: the device is older than all that it compiles for.
    func target(for capability: CUDAVersion) -> Target? {
        let own = capability.major * 10 + capability.minor
        if architectures.contains(own) { return .machine(own) }
        return architectures.last { $0 < own }.map(Target.ptx)
    }

    /// A compiled program: machine code, or PTX with its final zero.
    ///
    /// - Throws: `Failure` with the compiler's log.
    func compile(_ text: String, named name: String, options: [String], _ target: Target, for device: String) throws -> [UInt8] {
        var program: cuda_handle?
        var status = api.CreateProgram(&program, text, "\(name).cl", 0, nil, nil)
        defer { if program != nil { _ = api.DestroyProgram(&program) } }
        if status == 0 { status = withCStrings(options) { api.CompileProgram(program, Int32(options.count), $0) } }
        guard status == 0 else { throw refusal(status, log(of: program), name, device) }
        let code =
            switch target {
            case .machine: bytes(of: program, api.GetCUBINSize, api.GetCUBIN)
            case .ptx: bytes(of: program, api.GetPTXSize, api.GetPTX)
            }
        guard let code else { throw refusal(status, "no program came out", name, device) }
        return code
    }

    private func refusal(_ status: Int32, _ log: String, _ name: String, _ device: String) -> Failure {
        let said = status == 0 ? "" : (api.GetErrorString(status).map { String(cString: $0) } ?? "error \(status)") + ": "
        return Failure(
            .outOfResources, "NVRTC \(version) refused the kernels \(name)", at: device, found: said + log,
            expected: "a program of CUDA C++",
            advice: "install another version of NVRTC, and report these lines; --device cpu trains meanwhile")
    }

    private func log(of program: cuda_handle?) -> String {
        guard program != nil, let log = bytes(of: program, api.GetProgramLogSize, api.GetProgramLog) else { return "no log" }
        let text = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
        return text.isEmpty ? "no log" : text
    }

    private func bytes(
        of program: cuda_handle?, _ size: (cuda_handle?, UnsafeMutablePointer<Int>?) -> Int32,
        _ content: (cuda_handle?, UnsafeMutablePointer<CChar>?) -> Int32
    ) -> [UInt8]? {
        var count = 0
        guard size(program, &count) == 0, count > 0 else { return nil }
        var bytes = [CChar](repeating: 0, count: count)
        return content(program, &bytes) == 0 ? bytes.map(UInt8.init(bitPattern:)) : nil
    }
}

/// The strings as C has an array of them.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let texts = strings.map { Array($0.utf8CString) }
    let all = Buffer<CChar>(texts.flatMap { $0 })
    var place = 0
    let starts: [UnsafePointer<CChar>?] = texts.map { text in
        defer { place += text.count }
        return UnsafePointer(all.pointer + place)
    }
    return withExtendedLifetime(all) { starts.withUnsafeBufferPointer { body($0.baseAddress) } }
}
