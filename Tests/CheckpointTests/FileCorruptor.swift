import Foundation

/// Damages a file in place. (Writing it anew each time would make ext4 wait for the disk, thousands of times.)
struct FileCorruptor {
    let path: String
    let whole: Data

    init(_ path: String) throws {
        self.path = path
        whole = try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// Calls `body` for every shorter length of the file, the longest first; the file stays empty.
    func truncations(_ body: (String) throws -> Void) throws {
        for length in whole.indices.reversed() {
            truncate(path, length)
            try body("\(length) of \(whole.count) bytes")
        }
    }

    /// Calls `body` with one bit of each byte flipped, another bit from byte to byte; the file is whole again after.
    func flips(_ body: (String) throws -> Void) throws {
        for at in whole.indices {
            try put(whole[at] ^ (1 << UInt8(at % 8)), at)
            try body("bit \(at % 8) of byte \(at)")
            try put(whole[at], at)
        }
    }

    func flip(_ at: Int) throws { try put(whole[at] ^ 4, at) }

    func repair() throws { try whole.write(to: URL(fileURLWithPath: path)) }

    private func put(_ byte: UInt8, _ at: Int) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(at))
        try file.write(contentsOf: [byte])
        try file.close()
    }
}
