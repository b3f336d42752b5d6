import CHDF5

/// The value of an attribute of a file, group or dataset.
public enum H5Attribute: Sendable, Equatable {
    case string(String)
    case int(Int)
    case ints([Int])
    case double(Double)
}

extension H5File {
    /// Sets a new attribute of `object`: a group or dataset that is there, `/` being the file itself.
    ///
    /// Strings are UTF-8 of fixed length: those of variable length lie in a heap that HDF5 does not checksum.
    public func setAttribute(_ name: String, _ value: H5Attribute, on object: String = "/") throws {
        let place = place("\(object)@\(name)")
        try H5Library.exclusively {
            let owner = try place.check(H5Oopen(id, object, chdf5_default()), "find the object of")
            defer { H5Oclose(owner) }
            switch value {
            case .string(let text):
                let type = try stringType(place, length: text.utf8.count)
                defer { H5Tclose(type) }
                try create(name, on: owner, type, extent: nil, Array(text.utf8) + [0], place)
            case .int(let number): try create(name, on: owner, chdf5_native_int64(), extent: nil, [Int64(number)], place)
            case .ints(let numbers):
                let elements = numbers.map { Int64($0) }
                try create(name, on: owner, chdf5_native_int64(), extent: elements.count, elements, place)
            case .double(let number): try create(name, on: owner, chdf5_native_double(), extent: nil, [number], place)
            }
        }
    }

    /// The attribute `name` of `object`, or nil where it has none of that name.
    public func attribute(_ name: String, on object: String = "/") throws -> H5Attribute? {
        let place = place("\(object)@\(name)")
        return try H5Library.exclusively {
            let owner = try openObject(object, place)
            defer { H5Oclose(owner) }
            if try place.check(H5Aexists(owner, name), "look for") == 0 { return nil }
            let attribute = try place.check(H5Aopen(owner, name, chdf5_default()), "open")
            defer { H5Aclose(attribute) }
            return try value(of: attribute, place)
        }
    }

    /// Names of the attributes of `object`, in alphabetical order.
    public func attributeNames(on object: String = "/") -> [String] {
        H5Library.exclusively {
            var names = [String]()
            var text = [CChar](repeating: 0, count: 1024)
            while H5Aget_name_by_idx(
                id, object, H5_INDEX_NAME, H5_ITER_INC, hsize_t(names.count), &text, text.count, chdf5_default()) >= 0
            {
                names.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            return names
        }
    }

    private func stringType(_ place: H5Place, length: Int) throws -> hid_t {
        let type = try place.check(H5Tcopy(chdf5_c_string()), "prepare")
        try place.check(H5Tset_size(type, max(1, length)), "set the length of")
        try place.check(H5Tset_strpad(type, H5T_STR_NULLPAD), "set the padding of")
        try place.check(H5Tset_cset(type, H5T_CSET_UTF8), "set the encoding of")
        return type
    }

    private func create<T: BitwiseCopyable>(
        _ name: String, on owner: hid_t, _ type: hid_t, extent: Int?, _ elements: [T], _ place: H5Place
    ) throws {
        let space =
            try extent.map { try place.check(H5Screate_simple(1, [hsize_t($0)], nil), "shape") }
            ?? place.check(H5Screate(H5S_SCALAR), "shape")
        defer { H5Sclose(space) }
        let attribute = try place.check(
            H5Acreate2(owner, name, type, space, chdf5_default(), chdf5_default()), "create")
        defer { H5Aclose(attribute) }
        _ = try elements.withUnsafeBytes { try place.check(H5Awrite(attribute, type, $0.baseAddress), "write") }
    }

    private func value(of attribute: hid_t, _ place: H5Place) throws -> H5Attribute {
        let type = try place.check(H5Aget_type(attribute), "find the type of")
        defer { H5Tclose(type) }
        let space = try place.check(H5Aget_space(attribute), "find the shape of")
        defer { H5Sclose(space) }
        let count = Int(try place.check(H5Sget_simple_extent_npoints(space), "find the shape of"))
        var file = hsize_t.max
        if !writing { try place.check(H5Fget_filesize(id, &file), "find the size of the file of") }
        guard count >= 0, max(count, Int(H5Tget_size(type))) <= Int(clamping: file) else {
            throw place.failure("read", said: "an attribute that is larger than the file")
        }
        switch H5Tget_class(type) {
        case H5T_STRING:
            guard H5Tis_variable_str(type) == 0, count == 1 else { break }
            var text = [UInt8](repeating: 0, count: H5Tget_size(type))
            try place.check(H5Aread(attribute, type, &text), "read")
            return .string(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))
        case H5T_INTEGER:
            var numbers = [Int64](repeating: 0, count: count)
            try place.check(H5Aread(attribute, chdf5_native_int64(), &numbers), "read")
            let scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR
            return scalar ? .int(Int(numbers[0])) : .ints(numbers.map { Int($0) })
        case H5T_FLOAT:
            guard count == 1 else { break }
            var number = 0.0
            try place.check(H5Aread(attribute, chdf5_native_double(), &number), "read")
            return .double(number)
        default: break
        }
        throw place.failure("read", said: "an attribute of a type that is none of ours")
    }
}
