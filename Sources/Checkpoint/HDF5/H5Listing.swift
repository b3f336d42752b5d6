import CHDF5
import Support

// What a file of unknown making holds.
extension H5File {
    /// Paths of all datasets, groups gone through in alphabetical order.
    ///
    /// - Throws: `Failure` where groups lie deeper than anybody makes them, as those do that hold themselves.
    public func datasetNames() throws -> [String] {
        var names = [String](), seen = 0
        try addDatasets(in: "/", depth: 0, &seen, to: &names)
        return names
    }

    private func addDatasets(in group: String, depth: Int, _ seen: inout Int, to names: inout [String]) throws {
        for child in children(of: group) {
            seen += 1
            guard depth < Self.deepest, seen <= Self.mostObjects else {
                throw place(group).failure(
                    "list", said: "more than \(Self.deepest) levels of groups, or \(Self.mostObjects) objects")
            }
            let path = group == "/" ? child : "\(group)/\(child)"
            if try isGroup(path) { try addDatasets(in: path, depth: depth + 1, &seen, to: &names) } else { names.append(path) }
        }
    }

    private static var deepest: Int { 16 }
    private static var mostObjects: Int { 100_000 }

    private func children(of group: String) -> [String] {
        H5Library.exclusively {
            var names = [String]()
            var text = [CChar](repeating: 0, count: 1024)
            while H5Lget_name_by_idx(
                id, group, H5_INDEX_NAME, H5_ITER_INC, hsize_t(names.count), &text, text.count, chdf5_default()) >= 0
            {
                names.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            return names
        }
    }

    private func isGroup(_ path: String) throws -> Bool {
        let place = place(path)
        return try H5Library.exclusively {
            let object = try openObject(path, place)
            defer { H5Oclose(object) }
            return H5Iget_type(object) == H5I_GROUP
        }
    }

    /// Reads all of a dataset and forgets it: HDF5 checks the Fletcher-32 checksum of each chunk on the way.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where one does not fit.
    public func checkDataset(_ name: String) throws {
        switch try info(name).type {
        case .float32: _ = try read(name) as Buffer<Float>
        case .float64: _ = try read(name) as Buffer<Double>
        case .int32: _ = try read(name) as Buffer<Int32>
        case .int64: _ = try read(name) as Buffer<Int64>
        case .uint8: _ = try read(name) as Buffer<UInt8>
        case .uint64: _ = try read(name) as Buffer<UInt64>
        }
    }
}
