import Buffers
import Diagnostics
import Kernels

/// One array of an `.npz` archive, of one dimension or none.
struct NPYMember {
    private let header: NPYHeader
    private let content: [UInt8]
    private let place: String

    init(_ zip: ZipReader, _ name: String, path: String) throws {
        place = "\(path): \(name)"
        content = try zip.read(name + ".npy")
        header = try content.withUnsafeBytes { [place] in try NPYHeader($0, place: place) }
    }

    /// A text array's only element: bytes (`S`) or 32-bit characters (`U`), up to the first zero.
    var text: String {
        let bytes = content[header.dataStart...]
        let kind = header.type.dropFirst().first
        return String(decoding: kind == "U" ? bytes.filter { $0 != 0 } : Array(bytes.prefix { $0 != 0 }), as: UTF8.self)
    }

    /// - Throws: `Failure` where the array is not of `<i4` or `<i8`, or is cut off.
    func integers() throws -> Buffer<Int64> {
        let narrow: Buffer<Int32>
        switch header.type {
        case "<i8": return try elements(Int64.self)
        case "<i4": narrow = try elements(Int32.self)
        default: throw wrongType("`<i4` or `<i8`")
        }
        let wide = Buffer<Int64>(count: narrow.count)
        for i in 0..<narrow.count { wide[i] = Int64(narrow[i]) }
        return wide
    }

    /// - Throws: `Failure` where the array is not of `<f4` or `<f8`, or is cut off.
    func floats() throws -> Buffer<Float> {
        let wide: Buffer<Double>
        switch header.type {
        case "<f4": return try elements(Float.self)
        case "<f8": wide = try elements(Double.self)
        default: throw wrongType("`<f4` or `<f8`")
        }
        let narrow = Buffer<Float>(count: wide.count)
        xc_double_to_float(wide.pointer, wide.count, narrow.pointer)
        return narrow
    }

    private func elements<Element: BitwiseCopyable>(_: Element.Type) throws -> Buffer<Element> {
        let size = content.count - header.dataStart
        guard header.shape.count == 1, let count = header.count, count == size / MemoryLayout<Element>.stride,
            size % MemoryLayout<Element>.stride == 0
        else {
            throw Failure(
                .usage, "wrong shape or length", at: place, found: "shape \(header.shape), \(size) bytes",
                expected: "a one-dimensional array", advice: "write the file again")
        }
        let buffer = Buffer<Element>(count: count)
        content.withUnsafeBytes { buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[header.dataStart...])) }
        return buffer
    }

    private func wrongType(_ expected: String) -> Failure {
        Failure(
            .usage, "wrong type", at: place, found: "`\(header.type)`", expected: expected,
            advice: "convert the matrix in Python: matrix.astype('float32')")
    }
}
