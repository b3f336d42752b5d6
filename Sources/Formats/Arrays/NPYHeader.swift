import Support

/// The header of a NumPy array file: type, order and shape (numpy.lib.format, versions 1 to 3).
package struct NPYHeader: Equatable {
    /// NumPy's type code with its byte order: `<f4`, `|S3`, …
    package var type: String
    package var fortranOrder = false
    package var shape: [Int]
    /// Byte where the elements start.
    package var dataStart = 0

    package static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    package init(type: String, shape: [Int]) {
        self.type = type
        self.shape = shape
    }

    /// - Parameter place: the file, for messages.
    /// - Throws: `Failure` where `bytes` don't start with a header of a plain array.
    package init(_ bytes: UnsafeRawBufferPointer, place: String) throws {
        func bad(_ problem: String, found: String) -> Failure {
            Failure(
                .usage, problem, at: place, found: found, expected: "a NumPy array file of format version 1, 2 or 3",
                advice: "write the array by numpy.save, or copy the file again")
        }
        guard bytes.count >= 10, bytes.starts(with: Self.magic) else {
            throw bad("not a NumPy array file", found: bytes.isEmpty ? "an empty file" : quoted(bytes.prefix(16)))
        }
        guard (1...3).contains(bytes[6]) else { throw bad("unknown version of the NumPy format", found: "version \(bytes[6])") }
        let widthOfLength = bytes[6] == 1 ? 2 : 4
        let length = bytes[8..<min(8 + widthOfLength, bytes.count)].reversed().reduce(0) { $0 << 8 | Int($1) }
        dataStart = 8 + widthOfLength + length
        guard dataStart <= bytes.count else { throw bad("the header is cut off", found: "\(bytes.count) bytes in all") }
        let text = bytes[(8 + widthOfLength)..<dataStart]
        guard length <= 1 << 16, let fields = PythonDictionary(text) else {
            throw bad("the header can't be understood", found: quoted(text, limit: 120))
        }
        guard let type = fields.strings["descr"], let order = fields.flags["fortran_order"], let shape = fields.tuples["shape"]
        else { throw bad("the header lacks descr, fortran_order or shape", found: quoted(text, limit: 120)) }
        self.type = type
        fortranOrder = order
        self.shape = shape
    }

    /// Elements of the array, nil where the number overflows.
    package var count: Int? {
        var product = 1
        for extent in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// The header as version 1 writes it; padded so that the data start at a multiple of 64 bytes.
    package var bytes: [UInt8] {
        let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text = "{'descr': '\(type)', 'fortran_order': \(fortranOrder ? "True" : "False"), 'shape': (\(extents)), }"
        var header = Array(text.utf8)
        header += [UInt8](repeating: UInt8(ascii: " "), count: 63 - (10 + header.count) % 64) + [UInt8(ascii: "\n")]
        return Self.magic + [1, 0, UInt8(header.count & 0xff), UInt8(header.count >> 8)] + header
    }
}

/// The few Python literals that NumPy's headers use: `{'key': 'text' | True | False | (1, 2), …}`.
private struct PythonDictionary {
    var strings: [String: String] = [:]
    var flags: [String: Bool] = [:]
    var tuples: [String: [Int]] = [:]
    private var rest: Substring

    init?(_ bytes: some Sequence<UInt8>) {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        rest = Substring(text)
        guard take("{") else { return nil }
        while !take("}") {
            guard let key = quotedText(), take(":"), value(of: key) else { return nil }
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        skipSpace()
        guard rest.isEmpty else { return nil }
    }

    private mutating func value(of key: String) -> Bool {
        if take("True") {
            flags[key] = true
        } else if take("False") {
            flags[key] = false
        } else if take("(") {
            guard let numbers = tuple() else { return false }
            tuples[key] = numbers
        } else {
            guard let text = quotedText() else { return false }
            strings[key] = text
        }
        return true
    }

    private mutating func tuple() -> [Int]? {
        var numbers: [Int] = []
        while !take(")") {
            skipSpace()
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            numbers.append(number)
            _ = take("L")
            if !take(",") { return take(")") ? numbers : nil }
        }
        return numbers
    }

    private mutating func quotedText() -> String? {
        for quote in ["'", "\""] where take(quote) {
            guard let end = rest.firstIndex(of: Character(quote)) else { return nil }
            defer { rest = rest[rest.index(after: end)...] }
            return String(rest[..<end])
        }
        return nil
    }

    private mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" } }

    private mutating func take(_ token: String) -> Bool {
        skipSpace()
        guard rest.hasPrefix(token) else { return false }
        rest = rest.dropFirst(token.count)
        return true
    }
}
