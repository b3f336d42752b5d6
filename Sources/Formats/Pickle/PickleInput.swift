import Support

/// The bytes of a pickle, read from the front; every length is compared with what is left before anything is made of it.
struct PickleInput {
    let bytes: UnsafeRawBufferPointer
    let path: String
    private(set) var at: Int

    init(_ bytes: UnsafeRawBufferPointer, path: String, at: Int = 0) {
        self.bytes = bytes
        self.at = at
        self.path = path
    }

    mutating func byte() throws -> UInt8 { bytes[try range(1).lowerBound] }

    /// The next `count` bytes' place.
    mutating func range(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= bytes.count - at else { throw cutOff("\(count) bytes announced, \(bytes.count - at) left") }
        defer { at += count }
        return at..<at + count
    }

    /// A little-endian number of `width` bytes without sign; those of 8 bytes must fit Int.
    mutating func number(_ width: Int) throws -> Int {
        let value = bytes[try range(width)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else { throw cutOff("\(value) bytes announced") }
        return number
    }

    /// A little-endian number of up to 8 bytes in two's complement.
    mutating func signed(_ width: Int) throws -> Int {
        let content = bytes[try range(width)]
        guard let top = content.last else { return 0 }
        return content.reversed().reduce(top >= 128 ? -1 : 0) { $0 << 8 | Int($1) }
    }

    /// The place of a text up to its line feed, of at most 256 bytes.
    mutating func line() throws -> Range<Int> {
        guard let end = bytes[at...].prefix(257).firstIndex(of: UInt8(ascii: "\n")) else {
            throw cutOff("a name without its end")
        }
        defer { at = end + 1 }
        return at..<end
    }

    /// The text at `place` where it is short, as all names are.
    func text(_ place: Range<Int>) -> String {
        String(decoding: bytes[place].prefix(256), as: UTF8.self)
    }

    func cutOff(_ found: String) -> Failure {
        Failure(
            .usage, "the pickle is cut off or damaged", at: "\(path): byte \(at)", found: found,
            expected: "a whole pickle of protocol 2 to 5", advice: "copy the file again, or pickle the matrix again")
    }
}
