/// Text that appears under its name when it is whole, written in pieces of about 1 MiB.
struct BufferedTextFile: ~Copyable {
    private var file: AtomicFile
    private var waiting: [UInt8] = []

    init(path: String) throws {
        file = try AtomicFile(path: path)
        waiting.reserveCapacity(1 << 20)
    }

    mutating func write(_ text: String) throws {
        waiting.append(contentsOf: text.utf8)
        if waiting.count >= 1 << 20 { try flush() }
    }

    private mutating func flush() throws {
        try file.write(waiting)
        waiting.removeAll(keepingCapacity: true)
    }

    consuming func commit() throws {
        try flush()
        try file.commit()
    }
}
