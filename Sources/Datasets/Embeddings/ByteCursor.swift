import Formats
import Support

/// Reads little-endian numbers one after the other, and stops where the file does.
struct ByteCursor {
    let file: MappedFile
    /// What the file should be, for messages.
    let what: String
    private(set) var at = 0

    init(file: MappedFile, what: String) {
        self.file = file
        self.what = what
    }

    var left: Int { file.count - at }

    mutating func skip(_ bytes: Int) { at += bytes }

    mutating func byte() throws -> UInt8 { try number(UInt8.self) }
    mutating func int32() throws -> Int32 { try number(Int32.self) }
    mutating func int64() throws -> Int { Int(try number(Int64.self)) }

    private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws -> Number {
        guard left >= MemoryLayout<Number>.size else { throw cutOff() }
        defer { at += MemoryLayout<Number>.size }
        return file.bytes.loadUnaligned(fromByteOffset: at, as: Number.self)
    }

    /// An entry of a fastText dictionary: a text that a zero ends, its count and its kind. Returns the text.
    mutating func entry() throws -> LineBytes {
        let end = place(of: 0, in: file.bytes, from: at)
        guard end < file.count else { throw cutOff() }
        let text = file.bytes[at..<end]
        guard file.count - end >= 10 else { throw cutOff() }
        at = end + 10
        return text
    }

    func cutOff() -> Failure {
        refused("the file is cut off", found: "\(file.count) bytes", expected: "more, as its own numbers say")
    }

    func refused(_ problem: String, found: String, expected: String, advice: String = "copy or train the file again") -> Failure {
        Failure(.usage, problem, at: file.path, found: found, expected: "\(expected) (\(what))", advice: advice)
    }
}
