import CHDF5
import Support

/// Element type and shape of a dataset: one extent, or rows and columns.
public struct H5Info: Sendable, Equatable {
    public var type: H5Scalar
    public var shape: [Int]

    public init(type: H5Scalar, shape: [Int]) {
        self.type = type
        self.shape = shape
    }
}

/// A rectangle of a dataset, and where in a larger row-major array in memory its corner goes.
struct H5Window {
    var rows: Range<Int>
    var cols: Range<Int>
    /// Rows and columns of the array in memory.
    var target: (rows: Int, cols: Int)
    var corner: (row: Int, col: Int)
}

// Writing.
extension H5File {
    /// Chunks are about this many bytes: what HDF5 copies at a time, and what one Fletcher-32 checksum covers.
    static var chunkBytes: Int { 1 << 20 }

    /// A new dataset `name` (`group/name` makes the group) of `shape` (one or two extents, zero allowed), row-major.
    ///
    /// Written straight from `bytes`, one chunk in flight.
    public func write(_ name: String, type: H5Scalar, shape: [Int], from bytes: UnsafeRawBufferPointer) throws {
        precondition((1...2).contains(shape.count) && bytes.count == shape.reduce(1, *) * type.size)
        let place = place(name)
        try H5Library.exclusively {
            let dataset = try created(name, type, shape, place)
            defer { H5Dclose(dataset) }
            if bytes.isEmpty { return }
            let all = chdf5_space_all()
            try place.check(H5Dwrite(dataset, type.typeID, all, all, chdf5_default(), bytes.baseAddress), "write")
            // A small dataset only reaches the file here: closing it would do so too, but hide a full disk.
            try place.check(H5Dflush(dataset), "write")
        }
    }

    /// A new 1-D dataset.
    public func write<T: H5Element>(_ name: String, _ buffer: Buffer<T>) throws {
        try write(name, type: T.scalar, shape: [buffer.count], from: UnsafeRawBufferPointer(buffer.bytes))
    }

    /// A new rows×cols dataset.
    public func write(_ name: String, _ matrix: DenseMatrix) throws {
        let bytes = UnsafeRawBufferPointer(matrix.buffer.bytes)
        try write(name, type: .float32, shape: [matrix.rows, matrix.cols], from: bytes)
    }

    /// A new 1-D dataset of `count` elements that come in pieces, in their order: the same bytes as of one piece.
    ///
    /// - Parameter pieces: calls its argument with each piece; may read other HDF5 files meanwhile.
    public func write<T: H5Element>(
        _ name: String, count: Int, pieces: (_ write: (Buffer<T>) throws -> Void) throws -> Void
    ) throws {
        let place = place(name)
        let dataset = try H5Library.exclusively { try created(name, T.scalar, [count], place) }
        defer { H5Library.exclusively { _ = H5Dclose(dataset) } }
        var at = 0
        try pieces { piece in
            if piece.count > 0 { try write(piece, at: at, of: count, dataset, place) }
            at += piece.count
        }
        precondition(at == count, "\(at) elements for a dataset of \(count)")
        _ = try H5Library.exclusively { try place.check(H5Dflush(dataset), "write") }
    }

    private func write<T: H5Element>(_ piece: Buffer<T>, at: Int, of count: Int, _ dataset: hid_t, _ place: H5Place) throws {
        try H5Library.exclusively {
            let file = try selection(place, of: [count], from: [at], extent: [piece.count])
            defer { H5Sclose(file) }
            let memory = try selection(place, of: [piece.count], from: [0], extent: [piece.count])
            defer { H5Sclose(memory) }
            try place.check(H5Dwrite(dataset, T.scalar.typeID, memory, file, chdf5_default(), piece.pointer), "write")
        }
    }

    /// The library's lock is held.
    private func created(_ name: String, _ type: H5Scalar, _ shape: [Int], _ place: H5Place) throws -> hid_t {
        let extents = shape.map { hsize_t($0) }
        let space = try place.check(H5Screate_simple(Int32(shape.count), extents, nil), "shape")
        defer { H5Sclose(space) }
        let creation = try creationProperties(place, type, shape)
        defer { H5Pclose(creation) }
        try makeGroups(above: name, place)
        return try place.check(
            H5Dcreate2(id, name, type.typeID, space, chdf5_default(), creation, chdf5_default()), "create")
    }

    private func makeGroups(above name: String, _ place: H5Place) throws {
        let properties = try place.timelessProperties(chdf5_group_create())
        defer { H5Pclose(properties) }
        var path = ""
        for group in name.split(separator: "/").dropLast() {
            path += "/\(group)"
            if try place.check(H5Lexists(id, path, chdf5_default()), "look for the group of") > 0 { continue }
            let made = H5Gcreate2(id, path, chdf5_default(), properties, chdf5_default())
            H5Gclose(try place.check(made, "make the group of"))
        }
    }

    private func creationProperties(_ place: H5Place, _ type: H5Scalar, _ shape: [Int]) throws -> hid_t {
        let properties = try place.timelessProperties(chdf5_dataset_create())
        // A chunk may not be larger than a fixed extent, so an empty dataset has none.
        if shape.contains(0) { return properties }
        let cols = shape.count == 2 ? min(shape[1], Self.chunkBytes / type.size) : 1
        let rows = min(shape[0], max(1, Self.chunkBytes / (type.size * cols)))
        let chunk = [rows, cols].prefix(shape.count).map { hsize_t($0) }
        try place.check(H5Pset_chunk(properties, Int32(chunk.count), chunk), "set the chunks of")
        try place.check(H5Pset_fletcher32(properties), "set the checksum of")
        return properties
    }
}

// Reading.
extension H5File {
    public func contains(_ name: String) -> Bool {
        H5Library.exclusively {
            // H5Lexists fails, and does not answer no, where a group on the way is missing.
            var path = ""
            for part in name.split(separator: "/") {
                path += path.isEmpty ? String(part) : "/\(part)"
                if H5Lexists(id, path, chdf5_default()) <= 0 { return false }
                // Where a link leads is not looked at: whoever opens it is told.
                if chdf5_link_leads_out(id, path) != 0 { return true }
            }
            return true
        }
    }

    public func info(_ name: String) throws -> H5Info {
        let place = place(name)
        return try H5Library.exclusively {
            let dataset = try openDataset(name, place)
            defer { H5Dclose(dataset) }
            return try info(of: dataset, place)
        }
    }

    /// All of a dataset, row-major.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where a checksum does not fit, or the element type is not `T`.
    public func read<T: H5Element>(_ name: String) throws -> Buffer<T> {
        let shape = try info(name).shape
        let (rows, cols) = (shape[0], shape.count == 2 ? shape[1] : 1)
        let buffer = Buffer<T>(count: rows * cols)
        try read(name, H5Window(rows: 0..<rows, cols: 0..<cols, target: (rows, cols), corner: (0, 0)), into: buffer)
        return buffer
    }

    /// The rectangle `window` of a dataset, to its place in `buffer`; a 1-D dataset has one column.
    func read<T: H5Element>(_ name: String, _ window: H5Window, into buffer: Buffer<T>) throws {
        precondition(buffer.count == window.target.rows * window.target.cols)
        if window.rows.isEmpty || window.cols.isEmpty { return }
        let place = place(name)
        try H5Library.exclusively {
            let dataset = try openDataset(name, place)
            defer { H5Dclose(dataset) }
            let info = try info(of: dataset, place)
            guard info.type == T.scalar else {
                throw place.failure("read", said: "elements of type \(info.type) where \(T.scalar) was expected")
            }
            let file = try selection(
                place, of: info.shape, from: [window.rows.lowerBound, window.cols.lowerBound],
                extent: [window.rows.count, window.cols.count])
            defer { H5Sclose(file) }
            let memory = try selection(place, window)
            defer { H5Sclose(memory) }
            try place.check(H5Dread(dataset, T.scalar.typeID, memory, file, chdf5_default(), buffer.pointer), "read")
        }
    }

    /// Where a window's elements go. Whole rows are one run of memory: taken as a rectangle of narrow rows, HDF5 would go through it row
    /// by row, which for one column costs a microsecond an element.
    private func selection(_ place: H5Place, _ window: H5Window) throws -> hid_t {
        let extent = [window.rows.count, window.cols.count], target = window.target
        if extent[1] == target.cols {
            let first = window.corner.row * target.cols, count = extent[0] * target.cols
            return try selection(place, of: [target.rows * target.cols], from: [first], extent: [count])
        }
        return try selection(
            place, of: [target.rows, target.cols], from: [window.corner.row, window.corner.col], extent: extent)
    }

    /// A dataspace of `shape` with one rectangle of it selected; all of it where the rectangle is.
    private func selection(_ place: H5Place, of shape: [Int], from start: [Int], extent: [Int]) throws -> hid_t {
        let space = try place.check(H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil), "shape")
        if extent.prefix(shape.count).elementsEqual(shape) { return space }
        let start = start.prefix(shape.count).map { hsize_t($0) }
        let count = extent.prefix(shape.count).map { hsize_t($0) }
        try place.check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, count, nil), "select a part of")
        return space
    }

    /// The library's lock is held.
    private func info(of dataset: hid_t, _ place: H5Place) throws -> H5Info {
        let typeID = try place.check(H5Dget_type(dataset), "find the type of")
        defer { H5Tclose(typeID) }
        let space = try place.check(H5Dget_space(dataset), "find the shape of")
        defer { H5Sclose(space) }
        let rank = try place.check(H5Sget_simple_extent_ndims(space), "find the shape of")
        guard let type = H5Scalar(typeID: typeID), (1...2).contains(rank) else {
            throw place.failure("read", said: "a dataset of \(rank) dimensions and a type that is none of ours")
        }
        var extents = [hsize_t](repeating: 0, count: Int(rank))
        try place.check(H5Sget_simple_extent_dims(space, &extents, nil), "find the shape of")
        let shape = extents.map { Int(clamping: $0) }
        if !writing { try checkSize(shape, type, of: dataset, place) }
        return H5Info(type: type, shape: shape)
    }
}
