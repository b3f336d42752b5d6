import Foundation
import Support

/// What a mapped file has of a checkpoint: the arrays `<module>/…`, and the attribute `module.<module>`.
struct MappedCheckpoint: Sendable {
    /// What is not an array.
    struct Record: Codable, Sendable {
        var key: CheckpointKey
        var state: [String: String]
        var shards: Int
    }

    let record: Record
    private let file: ArrayFile
    private let prefix: String

    init?(_ file: ArrayFile, module: String) throws {
        guard let text = file.attributes[Self.attribute(module)] else { return nil }
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(text.utf8)),
            (1...Manifest.mostShards).contains(record.shards)
        else {
            throw ArrayFile.damaged(file.path, "module \(module): \(text.prefix(60))")
        }
        (self.file, self.record, prefix) = (file, record, "\(module)/")
    }

    static func attribute(_ module: String) -> String { "module.\(module)" }

    var names: [String] { file.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted() }

    func extent(_ name: String) -> (rows: Int, cols: Int)? { file.extent(prefix + name) }

    /// Rows and columns of an array; numbers that were narrowed come as 32-bit floats.
    func rectangle<T: H5Element>(_ name: String, _ rows: Range<Int>, _ cols: Range<Int>) throws -> Buffer<T> {
        let name = prefix + name, width = file.extent(name)?.cols ?? 0
        if T.self == Float.self, let narrow = try NarrowArray(file, name) {
            if let wide = narrow.widened(rows, cols) as? Buffer<T> { return wide }
        }
        guard let type = file.type(name), type == ArrayType(T.scalar) else {
            throw ArrayFile.damaged(
                file.path, "array '\(name)' of \(file.type(name)?.rawValue ?? "no type")", expected: T.scalar.rawValue)
        }
        let whole: Buffer<T> = try file.array(name)
        if cols == 0..<width { return whole.view(rows.lowerBound * width..<rows.upperBound * width) }
        let part = Buffer<T>(count: rows.count * cols.count)
        for (at, row) in rows.enumerated() {
            part[at * cols.count..<(at + 1) * cols.count].update(
                from: whole[row * width + cols.lowerBound..<row * width + cols.upperBound])
        }
        return part
    }
}

/// A matrix of a mapped file whose numbers were narrowed: bfloat16, or int8 with a scale for each row.
private struct NarrowArray {
    private let width: Int
    private let halves: Buffer<UInt16>?
    private let bytes: Buffer<Int8>?
    private let scales: Buffer<Float>?

    /// nil where the array's numbers are not narrow.
    init?(_ file: ArrayFile, _ name: String) throws {
        guard let type = file.type(name), type == .bfloat16 || type == .int8 else { return nil }
        let extent = file.extent(name) ?? (rows: 0, cols: 0)
        width = extent.cols
        halves = type == .bfloat16 ? try file.array(name) : nil
        bytes = type == .int8 ? try file.array(name) : nil
        scales = type == .int8 ? try file.array("\(name).scale") : nil
        if let scales { try RangeChecks(of: file.path).count(scales.count, of: "\(name).scale", is: extent.rows) }
    }

    func widened(_ rows: Range<Int>, _ cols: Range<Int>) -> Buffer<Float> {
        let wide = Buffer<Float>(count: rows.count * cols.count)
        var at = 0
        for row in rows {
            let scale = scales?[row] ?? 1
            for place in row * width + cols.lowerBound..<row * width + cols.upperBound {
                wide[at] = halves.map { Float(bitPattern: UInt32($0[place]) << 16) } ?? scale * Float(bytes?[place] ?? 0)
                at += 1
            }
        }
        return wide
    }
}

extension ArrayFileWriter {
    /// Says that the file has arrays of a checkpoint, which `CheckpointReader(_:module:)` then finds.
    public mutating func begin(_ reader: CheckpointReader) throws {
        let record = MappedCheckpoint.Record(key: reader.key, state: reader.state, shards: reader.shardCount)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        set(MappedCheckpoint.attribute(reader.key.module), String(decoding: try encoder.encode(record), as: UTF8.self))
    }

    /// Copies a matrix of 32-bit floats in fewer bytes: rounded to bfloat16, or each row to whole numbers from −127 to 127 times a
    /// scale. `CheckpointReader` gives 32-bit floats again.
    public mutating func narrow(_ name: String, of reader: CheckpointReader, _ type: ArrayType) throws {
        let (rows, cols) = try reader.extent(name), full = "\(reader.key.module)/\(name)"
        let wide: Buffer<Float> = try reader.replicated(name)
        if type == .bfloat16 {
            let halves = Buffer<UInt16>(count: wide.count)
            for place in 0..<wide.count { halves[place] = wide[place].bfloat16 }
            return try write(full, halves, type, cols: cols)
        }
        let bytes = Buffer<Int8>(count: wide.count), scales = Buffer<Float>(count: rows)
        for row in 0..<rows {
            let own = wide[row * cols..<(row + 1) * cols], scale = (own.lazy.map(\.magnitude).max() ?? 0) / 127
            scales[row] = scale
            for place in own.indices where scale > 0 {
                // Among numbers too small to be divided well, the quotient may be larger than a byte holds.
                bytes[row * cols + place] = Int8(max(-127, min(127, (own[place] / scale).rounded(.toNearestOrEven))))
            }
        }
        try write(full, bytes, .int8, cols: cols)
        try write("\(full).scale", scales, .float32)
    }

    /// Copies an array of a checkpoint.
    public mutating func copy(_ name: String, of reader: CheckpointReader) throws {
        let (rows, cols) = try reader.extent(name), full = "\(reader.key.module)/\(name)"
        func copy<T: H5Element>(_: T.Type) throws {
            let whole: Buffer<T> = try reader.replicated(name)
            try write(full, ArrayType(T.scalar), rows: rows, cols: cols, UnsafeRawBufferPointer(whole.bytes))
        }
        switch reader.scalar(name) ?? .float32 {
        case .float32: try copy(Float.self)
        case .float64: try copy(Double.self)
        case .int32: try copy(Int32.self)
        case .int64: try copy(Int64.self)
        case .uint8: try copy(UInt8.self)
        case .uint64: try copy(UInt64.self)
        }
    }
}

extension Float {
    /// The upper half of it, rounded to the nearest, ties to even.
    fileprivate var bfloat16: UInt16 {
        let bits = bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
