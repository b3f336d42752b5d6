import CGPU
import Glibc
import Support
import Synchronization

/// The files of kernels (Sources/CGPU/Kernels), each a program.
enum KernelFile: String, CaseIterable, Sendable {
    case elementwise, rows, products, classifiers, shortlists, search, norms, transformer, attention, sequences, recurrent,
        squares

    /// What stands before the file's own text, beside the dialect.
    private var shared: [String] {
        [.products, .classifiers].contains(self) ? ["numbers.cl", "tiles.cl"] : ["numbers.cl"]
    }

    /// The program's whole text.
    ///
    /// - Parameter dialect: the file that makes it the driver's language.
    func text(dialect: String, _ precision: ClassifierPrecision) -> String {
        let texts = ([dialect] + shared + ["\(rawValue).cl"]).map { file in
            guard let text = gpu_kernel_text(file) else { preconditionFailure("no kernel text \(file)") }
            return String(cString: text)
        }
        return (precision == .bfloat16 ? "#define ROUNDED_INPUTS\n" : "") + texts.joined()
    }
}

/// A program of kernels: a file, and what its products are made of.
struct KernelProgram: Hashable, Sendable {
    var file: KernelFile
    var precision = ClassifierPrecision.float32

    /// For logs and the compiler's messages.
    var name: String { precision == .float32 ? file.rawValue : "\(file.rawValue) in \(precision)" }
}

/// The programs of one device: compiled when one of their kernels is first wanted, or taken from the cache.
final class KernelPrograms: Sendable {
    private let backend: any GPUBackend
    private let cache: ProgramCache
    private struct Made {
        var programs: [KernelProgram: any GPUProgram] = [:]
        /// Names are unique among the files.
        var kernels: [ClassifierPrecision: [String: any GPUKernel]] = [:]
    }
    private let made = Mutex(Made())

    init(_ backend: any GPUBackend, cache: ProgramCache = ProgramCache()) { (self.backend, self.cache) = (backend, cache) }

    /// - Throws: `Failure` with the compiler's log.
    func kernel(_ name: String, in file: KernelFile, _ precision: ClassifierPrecision = .float32) throws -> any GPUKernel {
        try made.withLock { made in
            if let kernel = made.kernels[precision]?[name] { return kernel }
            let wanted = KernelProgram(file: file, precision: precision)
            let program = try made.programs[wanted] ?? program(wanted)
            made.programs[wanted] = program
            let kernel = try program.kernel(name)
            made.kernels[precision, default: [:]][name] = kernel
            return kernel
        }
    }

    private func program(_ wanted: KernelProgram) throws -> any GPUProgram {
        let text = wanted.file.text(dialect: backend.dialect, wanted.precision)
        let options = backend.options, device = backend.device
        let key = ProgramCache.key([text, device.driver.rawValue, device.name, device.version, device.compiler ?? ""] + options)
        if let compiled = cache.read(key),
            let program = try? backend.program(named: wanted.name, text: text, options: options, compiled: compiled)
        {
            return program
        }
        let program = try backend.program(named: wanted.name, text: text, options: options, compiled: nil)
        if let compiled = program.compiled { cache.write(key, compiled) }
        return program
    }
}

/// Compiled programs in the user's cache folder. One that cannot be read or is damaged is as good as none, and one that cannot be
/// written is compiled again the next time.
struct ProgramCache: Sendable {
    let folder: String?

    /// - Parameter folder: by default `gpu` in the program's own folder of $XDG_CACHE_HOME or ~/.cache; nil: nothing is kept.
    init(folder: String? = ProgramCache.ownFolder) { self.folder = folder }

    static var ownFolder: String? {
        func value(_ name: String) -> String? {
            guard let text = getenv(name) else { return nil }
            let value = String(cString: text)
            return value.hasPrefix("/") ? value : nil
        }
        return (value("XDG_CACHE_HOME") ?? value("HOME").map { "\($0)/.cache" }).map { "\($0)/deepxml-dist/gpu" }
    }

    static func key(_ parts: [String]) -> String { ContentHash.hex(ContentHash.of(parts.joined(separator: "\u{0}").utf8)) }

    private static let mark = Array("dxgpu 1\n".utf8)

    private func path(_ key: String) -> String? { folder.map { "\($0)/\(key)" } }

    /// The bytes that were written under the key; nil where there are none, or not all of them.
    func read(_ key: String) -> [UInt8]? {
        guard let path = path(key), isFile(path), let file = try? MappedFile(path: path) else { return nil }
        let bytes = Array(file.bytes), header = Self.mark.count + 16
        guard bytes.count > header, Array(bytes.prefix(Self.mark.count)) == Self.mark else { return nil }
        let content = Array(bytes[header...])
        let digest = Array(ContentHash.hex(ContentHash.of(content)).utf8)
        return Array(bytes[Self.mark.count..<header]) == digest ? content : nil
    }

    func write(_ key: String, _ content: [UInt8]) {
        guard let path = path(key), let folder, (try? makeFolder(folder)) != nil, var file = try? AtomicFile(path: path) else {
            return
        }
        do {
            try file.write(Self.mark + Array(ContentHash.hex(ContentHash.of(content)).utf8) + content)
            try file.commit()
        } catch {}
    }
}
