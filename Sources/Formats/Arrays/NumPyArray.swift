import CText
import Support

/// A NumPy array as it stands in a file: `.npy`, a member of an `.npz`, or within a pickle.
struct NumPyArray {
    /// NumPy's code.
    let type: String
    let shape: [Int]
    let fortranOrder: Bool
    /// The elements, and nothing else.
    let content: Buffer<UInt8>
    /// The file, and the array's name in it.
    let place: String

    /// - Throws: `Failure` where `content` hasn't the bytes that type and shape ask for.
    init(type: String, shape: [Int], fortranOrder: Bool, content: Buffer<UInt8>, place: String) throws {
        self.type = type
        self.shape = shape
        self.fortranOrder = fortranOrder
        self.content = content
        self.place = place
        guard let element = ElementType(type) else { return }
        let product = shape.reduce((1, false)) { sum, extent in
            let (next, overflow) = sum.0.multipliedReportingOverflow(by: extent)
            return (next, sum.1 || overflow || extent < 0)
        }
        let (size, overflow) = product.0.multipliedReportingOverflow(by: element.width)
        guard !overflow, !product.1, size == content.count else {
            throw Failure(
                .usage,
                overflow || product.1 || content.count < size ? "the file is cut off" : "the file is longer than its header says",
                at: place, found: "\(content.count) bytes of data",
                expected: "\(overflow || product.1 ? "more" : String(size)) (shape \(shape), type \(type))",
                advice: "copy the file again")
        }
    }

    /// The array of an `.npy` file's content.
    init(npy bytes: Buffer<UInt8>, place: String) throws {
        let header = try NPYHeader(UnsafeRawBufferPointer(bytes.bytes), place: place)
        try self.init(
            type: header.type, shape: header.shape, fortranOrder: header.fortranOrder, content: bytes.dropFirst(header.dataStart),
            place: place)
    }

    /// A text array's only element: bytes (`S`) or 32-bit characters (`U`), up to the first zero.
    var text: String {
        let bytes = content.array
        let kind = type.dropFirst().first
        return String(decoding: kind == "U" ? bytes.filter { $0 != 0 } : Array(bytes.prefix { $0 != 0 }), as: UTF8.self)
    }

    /// The elements as floats, in the file's order; memory of its own. Doubles too large become infinity.
    ///
    /// - Throws: `Failure` where they are no numbers.
    func floats() throws -> Buffer<Float> {
        let element = try numbers(
            of: [.float, .signed, .unsigned, .boolean], "floats, integers or booleans (`<f4`, `<i8`, `|b1`, …)")
        let native = native(element)
        let count = content.count / element.width
        let floats = Buffer<Float>(count: count)
        let memory = UnsafeMutableRawPointer(native.pointer)
        switch (element.kind, element.width) {
        case (.float, 2): ct_half_to_float(memory.assumingMemoryBound(to: UInt16.self), count, floats.pointer)
        case (.float, 4): floats.bytes.copyMemory(from: UnsafeRawBufferPointer(start: memory, count: count * 4))
        case (.float, _): ct_double_to_float(memory.assumingMemoryBound(to: Double.self), count, floats.pointer)
        default: eachInteger(element, memory, count) { floats.pointer[$0] = Float($1) }
        }
        return withExtendedLifetime(native) { floats }
    }

    /// The array as a matrix of finite numbers, with memory of its own.
    ///
    /// - Throws: `Failure` where it is none of two dimensions, holds no numbers, or a NaN or infinity (with its row and column).
    func matrix() throws -> DenseMatrix {
        guard shape.count == 2, shape[1] > 0 || shape[0] <= 1 << 20, shape.allSatisfy({ $0 <= Int(Int32.max) }) else {
            throw Failure(
                .usage, "wrong shape", at: place, found: "(\(shape.map(String.init).joined(separator: ", ")))",
                expected: "(rows, columns)", advice: "write an array of two dimensions: a row a document, a column a feature")
        }
        let flat = try floats()
        var matrix = DenseMatrix(rows: shape[0], cols: shape[1], buffer: flat)
        if fortranOrder {
            matrix = DenseMatrix(rows: shape[0], cols: shape[1])
            ct_transpose(flat.pointer, shape[0], shape[1], matrix.pointer)
        }
        return try matrix.checkedFinite(place)
    }

    /// The elements of an array of one dimension as integers.
    ///
    /// - Throws: `Failure` where they are none, or the array has another number of dimensions.
    func integers() throws -> Buffer<Int64> {
        let element = try numbers(of: [.signed, .unsigned], "integers (`<i4` or `<i8`)")
        try requireVector()
        let native = native(element)
        let wide = Buffer<Int64>(count: content.count / element.width)
        eachInteger(element, UnsafeMutableRawPointer(native.pointer), wide.count) { wide.pointer[$0] = $1 }
        return withExtendedLifetime(native) { wide }
    }

    func requireVector() throws {
        guard shape.count != 1 else { return }
        throw Failure(
            .usage, "wrong shape or length", at: place, found: "shape \(shape), \(content.count) bytes",
            expected: "a one-dimensional array", advice: "write the file again")
    }

    private func numbers(of kinds: [ElementType.Kind], _ expected: String) throws -> ElementType {
        if let element = ElementType(type), kinds.contains(element.kind) { return element }
        throw Failure(
            .usage, "wrong type", at: place, found: "`\(type)`", expected: expected,
            advice: "convert the matrix in Python: matrix.astype('float32')")
    }

    /// The bytes in this machine's order, at an address that is a multiple of the element's size.
    private func native(_ element: ElementType) -> Buffer<UInt8> {
        if !element.swapped, Int(bitPattern: content.pointer) % element.width == 0 { return content }
        let copy = Buffer<UInt8>(count: content.count)
        copy.copy(from: content)
        if element.swapped { ct_swap_bytes(copy.pointer, content.count / element.width, Int32(element.width)) }
        return copy
    }

    private func eachInteger(
        _ element: ElementType, _ memory: UnsafeMutableRawPointer, _ count: Int, _ body: (Int, Int64) -> Void
    ) {
        func each<Integer: FixedWidthInteger>(_: Integer.Type) {
            let elements = memory.assumingMemoryBound(to: Integer.self)
            for i in 0..<count { body(i, Int64(clamping: elements[i])) }
        }
        switch (element.kind, element.width) {
        case (.signed, 1): each(Int8.self)
        case (.signed, 2): each(Int16.self)
        case (.signed, 4): each(Int32.self)
        case (.signed, _): each(Int64.self)
        case (.unsigned, 2): each(UInt16.self)
        case (.unsigned, 4): each(UInt32.self)
        case (.unsigned, 8): each(UInt64.self)
        case (.boolean, _):
            for i in 0..<count { body(i, memory.load(fromByteOffset: i, as: UInt8.self) == 0 ? 0 : 1) }
        default: each(UInt8.self)
        }
    }
}

extension Buffer {
    /// All but the first `count` elements, without a copy.
    func dropFirst(_ count: Int) -> Buffer { Buffer(viewing: pointer + count, count: self.count - count, owner: self) }
}

extension MappedFile {
    /// The whole content, without a copy; must not be written.
    var content: Buffer<UInt8> { view(UInt8.self, at: 0, count: count) }
}

extension DenseMatrix {
    /// This matrix.
    ///
    /// - Throws: `Failure` with row and column of the first NaN or infinity.
    func checkedFinite(_ place: String) throws -> DenseMatrix {
        let bad = ct_first_not_finite(pointer, buffer.count)
        guard bad < buffer.count else { return self }
        throw Failure(
            .usage, "value not finite", at: "\(place): row \(bad / cols), column \(bad % cols)", found: "\(buffer[bad])",
            expected: "finite numbers", advice: "find out where this value came from, and write the array again without it")
    }
}

/// The type of a NumPy array's elements: NumPy's code `<f4`, `|b1`, … taken apart.
struct ElementType {
    enum Kind: Character { case boolean = "b", signed = "i", unsigned = "u", float = "f" }

    let kind: Kind
    /// Bytes of an element.
    let width: Int
    /// Big-endian.
    let swapped: Bool

    /// Nil where the elements are no numbers that this program reads.
    init?(_ code: String) {
        let characters = Array(code)
        guard characters.count == 3, "<>=|".contains(characters[0]), let kind = Kind(rawValue: characters[1]),
            let width = characters[2].wholeNumberValue
        else { return nil }
        let widths: [Int] =
            switch kind {
            case .boolean: [1]
            case .signed, .unsigned: [1, 2, 4, 8]
            case .float: [2, 4, 8]
            }
        guard widths.contains(width) else { return nil }
        self.kind = kind
        self.width = width
        swapped = characters[0] == ">" && width > 1
    }
}
