import Support

/// What a NumPy file says about an array; the elements are not read.
public struct ArrayListing: Sendable, Equatable {
    /// Name in its archive, without `.npy`; empty where the file is the array.
    public var name: String
    /// NumPy's type code: `<f4`, `|S3`, …
    public var type: String
    public var fortranOrder: Bool
    public var shape: [Int]

    /// The one array of a `.npy` file.
    ///
    /// - Throws: `Failure` where the file is missing, no array, or of another length than its header says.
    public static func npy(path: String) throws -> ArrayListing {
        try npy(MappedFile(path: path))
    }

    package static func npy(_ file: MappedFile) throws -> ArrayListing {
        let path = file.path, header = try NPYHeader(file.bytes, place: path)
        let listing = ArrayListing(name: "", header)
        if let wanted = listing.byteCount, wanted != file.count - header.dataStart {
            throw Failure(
                .usage, "the file's length is not what its header says", at: path,
                found: "\(file.count - header.dataStart) bytes",
                expected: "\(wanted)", advice: "copy the file again")
        }
        return listing
    }

    /// The arrays of an `.npz` archive in alphabetical order, each unpacked and checked against its CRC.
    ///
    /// - Throws: `Failure` where the file is missing, no whole archive, or a member is damaged or no array.
    public static func npz(path: String) throws -> [ArrayListing] {
        try npz(MappedFile(path: path))
    }

    package static func npz(_ file: MappedFile) throws -> [ArrayListing] {
        let zip = try ZipReader(file)
        return try zip.names.map { name in
            let header = try NPYHeader(UnsafeRawBufferPointer(zip.read(name).bytes), place: "\(file.path): \(name)")
            return ArrayListing(name: name.hasSuffix(".npy") ? String(name.dropLast(4)) : name, header)
        }
    }

    /// Bytes of the elements; nil where the type code says no size, or the number overflows.
    public var byteCount: Int? {
        guard let width = Int(type.drop { !$0.isNumber }) else { return nil }
        var product = width
        for extent in shape + [type.contains("U") ? 4 : 1] {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return product
    }

    private init(name: String, _ header: NPYHeader) {
        self.name = name
        (type, fortranOrder, shape) = (header.type, header.fortranOrder, header.shape)
    }
}
