/// What calls of the known globals and the states of their objects mean.
extension PickleMachine {
    /// The attributes of a scipy matrix that matter (`_shape` since scipy 0.19, `shape` before).
    static let stateKeys: Set<String> = ["data", "indices", "indptr", "_shape", "shape"]

    /// `global(*arguments)`.
    func made(by global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
        switch global {
        case .reconstruct: return .array(PickleArray())
        case .dtype:
            guard let code = arguments.first.flatMap(name) else { break }
            return .dtype(PickleType(code: code))
        case .encode:
            guard arguments.count == 2, case .text(let place) = arguments[0], ["latin1", "latin-1"].contains(name(arguments[1]))
            else { break }
            return .bytes(place, isUTF8: true)
        case .scalar:
            guard arguments.count == 2, case .dtype(let type) = arguments[0], case .bytes(let place, false) = arguments[1] else {
                break
            }
            return .integer(try integer(type, place))
        case .fromBuffer: return try fromBuffer(arguments)
        case .csr:
            return arguments.isEmpty ? .sparse(PickleSparse()) : try csr(arguments)
        case .ndarray, .object: break
        }
        throw refused("a call of `\(global.name)` that is not understood", found: "\(arguments.map(\.name))")
    }

    /// `global.__new__(*arguments)`.
    func new(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
        guard global == .csr else { throw refused("a new object of a class that is no matrix", found: global.name) }
        return .sparse(PickleSparse())
    }

    /// Gives `object` its state.
    func build(_ object: PickleValue, _ state: PickleValue) throws {
        switch object {
        case .dtype(let type):
            // (version, byte order, …); 3 is written for all types of numbers.
            guard let fields = state.elements, fields.count >= 2, let order = name(fields[1]), "<>=|".contains(order) else {
                throw refused("a numpy.dtype whose state is not understood", found: state.name)
            }
            type.order = order
        case .array(let array):
            // (version, shape, dtype, is Fortran order, bytes)
            guard let fields = state.elements, fields.count == 5, let shape = shape(fields[1]), case .dtype(let type) = fields[2],
                let fortran = fields[3].integer
            else { throw refused("a numpy array whose state is not understood", found: state.name) }
            array.state = PickleArray.State(shape: shape, type: type, fortranOrder: fortran != 0, content: fields[4])
        case .sparse(let matrix):
            guard case .dictionary(let dictionary) = state, case .array(let data)? = dictionary.items["data"],
                case .array(let indices)? = dictionary.items["indices"], case .array(let indptr)? = dictionary.items["indptr"],
                let shape = dictionary.items["_shape"] ?? dictionary.items["shape"]
            else { throw refused("a sparse matrix without data, indices, indptr and shape", found: state.name) }
            matrix.state = PickleSparse.State(shape: shape, data: data, indices: indices, indptr: indptr)
        default: throw refused("a state of something that has none", found: object.name)
        }
    }

    func shape(_ value: PickleValue) -> [Int]? {
        guard let extents = value.elements?.map(\.integer), !extents.contains(nil) else { return nil }
        return extents.compactMap { $0 }
    }

    /// `_frombuffer(buffer, dtype, shape, order)`.
    private func fromBuffer(_ arguments: [PickleValue]) throws -> PickleValue {
        guard arguments.count == 4, case .dtype(let type) = arguments[1], let shape = shape(arguments[2]),
            let order = name(arguments[3])
        else { throw refused("an array's buffer that is not understood", found: "\(arguments.map(\.name))") }
        return .array(
            PickleArray(PickleArray.State(shape: shape, type: type, fortranOrder: order == "F", content: arguments[0])))
    }

    /// `csr_matrix((data, indices, indptr), shape)`, as this program writes it.
    private func csr(_ arguments: [PickleValue]) throws -> PickleValue {
        guard arguments.count == 2, let arrays = arguments[0].elements, arrays.count == 3, case .array(let data) = arrays[0],
            case .array(let indices) = arrays[1], case .array(let indptr) = arrays[2]
        else { throw refused("a sparse matrix whose parts are not understood", found: "\(arguments.map(\.name))") }
        return .sparse(PickleSparse(.init(shape: arguments[1], data: data, indices: indices, indptr: indptr)))
    }

    /// A numpy integer on its own, as extents of a shape may be.
    private func integer(_ type: PickleType, _ place: Range<Int>) throws -> Int {
        guard let element = ElementType("<" + type.code), element.kind != .float, element.width == place.count, type.order != ">"
        else { throw refused("a numpy number that is no integer", found: type.code) }
        var bytes = PickleInput(input.bytes, path: input.path, at: place.lowerBound)
        return element.kind == .signed ? try bytes.signed(place.count) : try bytes.number(place.count)
    }
}
