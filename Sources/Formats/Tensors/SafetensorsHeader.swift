import Support

/// One array of a safetensors file, as the header describes it.
public struct StoredTensor: Sendable, Equatable {
    public var name: String
    /// The format's code: `F32`, `BF16`, `I64`, …
    public var type: String
    public var shape: [Int]
    /// Its bytes, from the end of the header.
    public var span: Range<Int>

    /// `F32 [384, 1536]`
    var form: String { "\(type) [\(shape.map(String.init).joined(separator: ", "))]" }
}

/// The header of a safetensors file: eight bytes with its length, then JSON that says where each array stands.
///
/// As strict as the reference (huggingface/safetensors, `Metadata::validate`): the arrays follow each other without holes or
/// overlap, in the order of their places, and fill the file to its last byte.
struct SafetensorsHeader {
    /// In the order of their places.
    let tensors: [StoredTensor]
    /// Where the arrays begin.
    let dataStart: Int

    /// The reference reads no longer ones.
    static let longest = 100_000_000
    private static let bits: [String: Int] = [
        "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
        "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    ]

    /// - Parameter place: the file, for messages.
    /// - Throws: `Failure` that says what is wrong with the file, and which array has it.
    init(_ file: UnsafeRawBufferPointer, place: String) throws {
        guard file.count >= 8 else {
            throw Self.damaged("the file is too short for a header", place, found: "\(file.count) bytes", expected: "8 or more")
        }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.longest, Int(length) <= file.count - 8 else {
            throw Self.damaged(
                "the header is longer than the file, or than any header may be", place, found: "\(length) bytes",
                expected: "at most \(min(Self.longest, file.count - 8))")
        }
        dataStart = 8 + Int(length)
        let text = file[8..<dataStart]
        guard text.first == UInt8(ascii: "{") else {
            throw Self.damaged("the header is no JSON object", place, found: quoted(text, limit: 24), expected: "{")
        }
        let json = try JSONValue.parse(Array(text), name: place)
        tensors = try Self.tensors(json.members ?? [], place)
        try Self.check(tensors, bytes: file.count - dataStart, place)
    }

    private static func tensors(_ members: [JSONValue.Member], _ place: String) throws -> [StoredTensor] {
        var tensors: [StoredTensor] = []
        tensors.reserveCapacity(members.count)
        for member in members {
            if member.name == "__metadata__" {
                guard let pairs = member.value.members, pairs.allSatisfy({ $0.value.string != nil }) else {
                    throw damaged(
                        "__metadata__ is no object of texts", place, found: shown(member.value), expected: "{\"name\": \"text\"}")
                }
            } else {
                tensors.append(try tensor(member, place))
            }
        }
        return tensors.sorted { ($0.span.lowerBound, $0.span.upperBound) < ($1.span.lowerBound, $1.span.upperBound) }
    }

    private static func tensor(_ member: JSONValue.Member, _ place: String) throws -> StoredTensor {
        let type = member.value["dtype"]?.string
        let shape = numbers(member.value["shape"]), offsets = numbers(member.value["data_offsets"])
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw damaged(
                "the header does not describe an array", "\(place): \(named(member.name))", found: shown(member.value),
                expected: "{\"dtype\": \"F32\", \"shape\": [rows, columns], \"data_offsets\": [from, to]}")
        }
        guard bits[type] != nil else {
            throw damaged(
                "unknown type of an array", "\(place): \(named(member.name))", found: named(type),
                expected: bits.keys.sorted().joined(separator: ", "))
        }
        return StoredTensor(name: member.name, type: type, shape: shape, span: offsets[0]..<offsets[1])
    }

    /// Whole numbers from 0.
    private static func numbers(_ value: JSONValue?) -> [Int]? {
        guard case .array(let values)? = value else { return nil }
        let numbers = values.compactMap(\.integer)
        return numbers.count == values.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    private static func check(_ tensors: [StoredTensor], bytes: Int, _ place: String) throws {
        var end = 0
        for tensor in tensors {
            let place = "\(place): \(named(tensor.name))"
            guard tensor.span.lowerBound == end else {
                throw damaged(
                    "arrays overlap, or leave a hole", place, found: "bytes from \(tensor.span.lowerBound)",
                    expected: "from \(end)")
            }
            let wanted = byteCount(tensor)
            guard tensor.span.count == wanted else {
                throw damaged(
                    "an array's bytes are not what type and shape need", place, found: "\(tensor.span.count) bytes",
                    expected: "\(wanted.map(String.init) ?? "no whole number of bytes, or too many") for \(named(tensor.form))")
            }
            end = tensor.span.upperBound
        }
        guard end == bytes else {
            throw damaged(
                end > bytes ? "the file is cut off" : "the file is longer than its header says", place,
                found: "\(bytes) bytes of arrays", expected: "\(end)")
        }
    }

    /// Nil where it is no whole number of bytes, or beyond Int.
    private static func byteCount(_ tensor: StoredTensor) -> Int? {
        var product = bits[tensor.type] ?? 0
        for extent in tensor.shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return product % 8 == 0 ? product / 8 : nil
    }

    private static func shown(_ value: JSONValue) -> String { named(value.compactText) }

    private static func named(_ text: String) -> String { quoted(text.utf8.prefix(101), limit: 100) }

    private static func damaged(_ problem: String, _ place: String, found: String, expected: String) -> Failure {
        Failure(
            .usage, problem, at: place, found: found, expected: expected,
            advice: "copy the file again, or write it again by safetensors.torch.save_file")
    }
}
