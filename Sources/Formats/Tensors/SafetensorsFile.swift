import CText
import Support

/// A file of named arrays as Hugging Face's `safetensors` writes them: mapped, its header checked, the arrays read when asked for.
public struct SafetensorsFile: Sendable {
    private let file: MappedFile
    private let dataStart: Int
    private let places: [String: Int]
    /// All arrays, in the order of their places.
    public let tensors: [StoredTensor]

    public var path: String { file.path }

    /// - Throws: `Failure` where the file is missing, cut off or no safetensors file, or its header contradicts itself.
    public init(path: String) throws { try self.init(MappedFile(path: path)) }

    package init(_ file: MappedFile) throws {
        self.file = file
        let header = try SafetensorsHeader(file.bytes, place: file.path)
        (tensors, dataStart) = (header.tensors, header.dataStart)
        places = Dictionary(uniqueKeysWithValues: zip(header.tensors.map(\.name), header.tensors.indices))
    }

    /// Nil where the file has no array of that name.
    public subscript(name: String) -> StoredTensor? { places[name].map { tensors[$0] } }

    /// An array as float32, in memory of its own: the first extent is rows, the others together are columns; an array of one
    /// dimension is a row. `F32` is copied, `F16` and `BF16` are widened, which is exact.
    ///
    /// - Throws: `Failure` where there is no such array, its elements are of another type, or one is not finite.
    public func floats(_ name: String) throws -> DenseMatrix {
        guard let tensor = self[name] else {
            let near = suggestion(for: name, among: tensors.lazy.map(\.name))
            throw Failure(
                .usage, "the file has no such array", at: path, found: "\(tensors.count) arrays", expected: name,
                advice: near.map { "did you mean \($0)?" } ?? "check that the file belongs to the model's config.json")
        }
        let width = tensor.type == "F32" ? 4 : 2
        // The extents' product may overflow where one of them is 0: so it is the bytes that are counted.
        let rows = tensor.shape.count > 1 ? tensor.shape[0] : 1
        let matrix = DenseMatrix(rows: rows, cols: rows == 0 ? 0 : tensor.span.count / width / rows)
        try widen(tensor, to: matrix.buffer)
        return try matrix.checkedFinite("\(path): \(name)")
    }

    private func widen(_ tensor: StoredTensor, to floats: Buffer<Float>) throws {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[dataStart...][relative: tensor.span])
        switch tensor.type {
        case "F32": floats.bytes.copyMemory(from: bytes)
        case "F16", "BF16":
            guard let halves = bytes.baseAddress?.assumingMemoryBound(to: UInt16.self) else { return }
            if tensor.type == "F16" {
                ct_half_to_float(halves, floats.count, floats.pointer)
            } else {
                ct_bfloat_to_float(halves, floats.count, floats.pointer)
            }
        default:
            throw Failure(
                .usage, "wrong type", at: "\(path): \(tensor.name)", found: tensor.form, expected: "F32, F16 or BF16",
                advice: "convert the weights in Python: tensor.float()")
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Counted from the slice's own start.
    fileprivate subscript(relative range: Range<Int>) -> Slice<UnsafeRawBufferPointer> {
        self[startIndex + range.lowerBound..<startIndex + range.upperBound]
    }
}
