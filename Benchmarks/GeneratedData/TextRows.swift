import Support

/// A file of XC text that is written row after row: `column:value` separated by blanks, columns ascending.
package struct TextRows: ~Copyable {
    private var file: AtomicFile
    private var bytes: [UInt8] = []
    private static let block = 1 << 20

    package init(path: String, rows: Int, columns: Int) throws {
        file = try AtomicFile(path: path)
        bytes.reserveCapacity(Self.block + 1 << 16)
        bytes.append(contentsOf: "\(rows) \(columns)\n".utf8)
    }

    package mutating func write(labels: [Int32]) throws {
        for label in labels {
            append(Int(label))
            end(of: "1")
        }
        try endRow()
    }

    /// Values with four decimals.
    package mutating func write(features: [(column: Int32, value: Float)]) throws {
        for (column, value) in features {
            let scaled = max(1, Int((value * 10_000).rounded()))
            append(Int(column))
            bytes.append(UInt8(ascii: ":"))
            append(scaled / 10_000)
            bytes.append(UInt8(ascii: "."))
            append(scaled % 10_000, digits: 4)
            bytes.append(UInt8(ascii: " "))
        }
        try endRow()
    }

    package consuming func commit() throws {
        try file.write(bytes)
        try file.commit()
    }

    private mutating func end(of value: Unicode.Scalar) {
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: value))
        bytes.append(UInt8(ascii: " "))
    }

    /// The row's last blank becomes its end.
    private mutating func endRow() throws {
        bytes[bytes.count - 1] = UInt8(ascii: "\n")
        if bytes.count < Self.block { return }
        try file.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func append(_ number: Int, digits: Int = 1) {
        var unit = 1
        for _ in 1..<max(digits, 1) { unit *= 10 }
        while number / 10 >= unit { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
