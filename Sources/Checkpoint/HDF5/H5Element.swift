import CHDF5

/// The element types that our HDF5 files hold, little-endian on every machine that we run on.
public enum H5Scalar: String, Codable, Sendable {
    case float32, float64, int32, int64, uint8, uint64

    public var size: Int {
        switch self {
        case .uint8: 1
        case .float32, .int32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// HDF5's id of the type, owned by the library. The library's lock is held.
    var typeID: hid_t {
        switch self {
        case .float32: chdf5_native_float()
        case .float64: chdf5_native_double()
        case .int32: chdf5_native_int32()
        case .int64: chdf5_native_int64()
        case .uint8: chdf5_native_uint8()
        case .uint64: chdf5_native_uint64()
        }
    }

    /// The scalar that HDF5's `typeID` stands for, or nil where it is none of ours.
    init?(typeID: hid_t) {
        let all: [H5Scalar] = [.float32, .float64, .int32, .int64, .uint8, .uint64]
        guard let match = all.first(where: { H5Tequal($0.typeID, typeID) > 0 }) else { return nil }
        self = match
    }
}

/// A Swift type that has an `H5Scalar`.
public protocol H5Element: BitwiseCopyable, Sendable {
    static var scalar: H5Scalar { get }
}

extension Float: H5Element { public static var scalar: H5Scalar { .float32 } }
extension Double: H5Element { public static var scalar: H5Scalar { .float64 } }
extension Int32: H5Element { public static var scalar: H5Scalar { .int32 } }
extension Int64: H5Element { public static var scalar: H5Scalar { .int64 } }
extension UInt8: H5Element { public static var scalar: H5Scalar { .uint8 } }
extension UInt64: H5Element { public static var scalar: H5Scalar { .uint64 } }
