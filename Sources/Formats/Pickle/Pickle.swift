import Support

/// Pickles of one numpy array or scipy CSR matrix, as the original's `.pkl` features and labels.
///
/// Python's own reader runs whatever code a pickle names; this one knows the names of numpy's and scipy's arrays only, refuses
/// every other by its name, and runs nothing.
enum Pickle {
    static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.count >= 2 && bytes[0] == 0x80 && bytes[1] <= 5 }

    /// - Throws: `Failure` where the file is anything but such a pickle.
    static func read(_ file: MappedFile) throws -> StoredMatrix {
        file.adviseSequential()
        var machine = PickleMachine(file.bytes, path: file.path)
        let value = try machine.run()
        switch value {
        case .array(let array): return .dense(try array.stored(file, name: ""))
        case .sparse(let matrix):
            guard let state = matrix.state, let shape = machine.shape(state.shape) else {
                throw machine.refused("a sparse matrix without its state", found: value.name)
            }
            return .sparse(
                StoredCSR(
                    shape: shape.map(Int64.init), starts: try state.indptr.stored(file, name: "indptr"),
                    columns: try state.indices.stored(file, name: "indices"), values: try state.data.stored(file, name: "data"),
                    place: file.path))
        default: throw machine.refused("a pickle of something else", found: value.name)
        }
    }
}

extension PickleArray {
    /// The array's elements in the file.
    fileprivate func stored(_ file: MappedFile, name: String) throws -> NumPyArray {
        let place = name.isEmpty ? file.path : "\(file.path): \(name)"
        guard let state, case .bytes(let range, let isUTF8) = state.content else {
            throw Failure(
                .usage, "an array without its elements", at: place, found: state?.content.name ?? "no state",
                expected: "the array's bytes",
                advice: "pickle the matrix again, with numbers as elements and without out-of-band buffers")
        }
        var content = file.content.dropFirst(range.lowerBound).prefix(range.count)
        if isUTF8 { content = try Self.narrowed(content, place: place) }
        return try NumPyArray(
            type: (state.type.order == "|" ? "|" : state.type.order) + state.type.code, shape: state.shape,
            fortranOrder: state.fortranOrder, content: content, place: place)
    }

    /// Protocol 2 has no bytes: each is a character below 256, of one or two bytes.
    private static func narrowed(_ text: Buffer<UInt8>, place: String) throws -> Buffer<UInt8> {
        let bytes = Buffer<UInt8>(count: text.count)
        var (read, written) = (0, 0)
        while read < text.count {
            let lead = text[read]
            if lead < 0x80 {
                bytes.pointer[written] = lead
                read += 1
            } else {
                guard lead == 0xC2 || lead == 0xC3, read + 1 < text.count, text[read + 1] & 0xC0 == 0x80 else {
                    throw Failure(
                        .usage, "an array's bytes are no latin-1 text", at: place, found: "byte \(lead)",
                        expected: "characters below 256", advice: "pickle the matrix again")
                }
                bytes.pointer[written] = (lead & 3) << 6 | (text[read + 1] & 0x3F)
                read += 2
            }
            written += 1
        }
        return bytes.prefix(written)
    }
}
