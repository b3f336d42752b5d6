import Glibc

/// A file mapped read-only and shared: all ranks of a node that map it use the same pages.
///
/// Writing through its pointer ends the process; so does reading after another process has shortened the file.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    public let count: Int
    /// Null where the file is empty.
    package let base: UnsafeMutableRawPointer?
    private let isMapped: Bool

    /// - Throws: `Failure` where the file is missing, can't be read, or is no regular file.
    public init(path: String) throws {
        self.path = path
        isMapped = true
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw MappedFile.openFailure(errno, path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure.system(errno, "the file cannot be read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(
                .usage, "not a regular file", at: path, found: isFolder(path) ? "a folder" : "a device, pipe or socket",
                expected: "a file", advice: "check the path")
        }
        count = Int(status.st_size)
        guard count > 0 else {
            base = nil
            return
        }
        let memory = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
        guard memory != MAP_FAILED, let memory else { throw Failure.system(errno, "the file cannot be mapped", path) }
        base = memory
    }

    /// Bytes in memory that pass for a file: fuzz targets make millions of them, and memory of just this size shows a parser
    /// that reads beyond its end.
    package init(path: String, content: UnsafeRawBufferPointer) {
        self.path = path
        count = content.count
        isMapped = false
        base = content.isEmpty ? nil : UnsafeMutableRawPointer.allocate(byteCount: content.count, alignment: 16)
        base?.copyMemory(from: content.baseAddress!, byteCount: content.count)
    }

    deinit {
        guard let base else { return }
        if isMapped { munmap(base, count) } else { base.deallocate() }
    }

    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// The first bytes, at most `length`, by which a format is told.
    package func prefix(_ length: Int) -> [UInt8] { Array(bytes.prefix(length)) }

    /// Tells the kernel to read ahead: the file will be read once, from its start to its end.
    package func adviseSequential() { if isMapped, let base { madvise(base, count, MADV_SEQUENTIAL) } }

    /// Takes a part of the file out of this process's memory until it is read again; the system may still cache it.
    package func letGo(_ range: Range<Int>) {
        guard isMapped, let base else { return }
        let start = range.lowerBound / Int(sysconf(Int32(_SC_PAGESIZE))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        if start < range.upperBound { madvise(base + start, range.upperBound - start, MADV_DONTNEED) }
    }

    /// `count` elements from byte `offset` on, without a copy; the view keeps the file mapped.
    ///
    /// The range must lie in the file and be aligned for `Element`.
    package func view<Element: BitwiseCopyable>(_: Element.Type, at offset: Int, count elements: Int) -> Buffer<Element> {
        precondition(offset >= 0 && offset % MemoryLayout<Element>.alignment == 0)
        precondition(elements >= 0 && offset + elements * MemoryLayout<Element>.stride <= count)
        guard let base, elements > 0 else { return Buffer(count: 0) }
        return Buffer(
            viewing: (base + offset).bindMemory(to: Element.self, capacity: elements), count: elements, owner: self)
    }

    /// A missing file is the commonest mistake: it gets the names that are near.
    private static func openFailure(_ error: Int32, _ path: String) -> Failure {
        guard error == ENOENT else { return Failure.system(error, "the file cannot be read", path) }
        let folder = parentFolder(path)
        let name = lastName(path)
        let names = namesInFolder(folder)
        // Where one of these is missing, the others' names are near it, and none of them is meant.
        let standard = ["trn_X_Xf.txt", "trn_X_Y.txt", "tst_X_Xf.txt", "tst_X_Y.txt"]
        let candidates = standard.contains(name) ? names.filter { !standard.contains($0) } : names
        var advice = isFolder(folder) ? "check the name" : "the folder \(folder) doesn't exist: check the path"
        if let near = suggestion(for: name, among: candidates) { advice = "did you mean \(near)?" }
        return Failure(.usage, "file not found", at: path, found: listing(names), expected: name, advice: advice)
    }

    private static func listing(_ names: [String]) -> String {
        if names.isEmpty { return "nothing in that folder" }
        let shown = names.prefix(12).joined(separator: ", ")
        return "in that folder: " + shown + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }
}
