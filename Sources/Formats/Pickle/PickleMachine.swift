import Support

/// Runs the few opcodes that pickled matrices consist of (Python's pickletools, protocols 2 to 5), over values of our own.
///
/// No name is looked up in anything: a global is one of `PickleGlobal`, or an error that says its name. Memory is bounded
/// by the number of operations and by the file's size.
struct PickleMachine {
    static let dictionaryDepth = 8
    /// A CSR matrix takes about 200.
    private static let mostOperations = 20_000

    var input: PickleInput
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    init(_ bytes: UnsafeRawBufferPointer, path: String) { input = PickleInput(bytes, path: path) }

    /// The value that the pickle holds.
    ///
    /// - Throws: `Failure` for whatever isn't part of a pickled matrix.
    mutating func run() throws -> PickleValue {
        for _ in 0..<Self.mostOperations {
            let opcode = try input.byte()
            if opcode == UInt8(ascii: ".") { return try pop() }
            if try !pushes(opcode), try !gathers(opcode), try !remembers(opcode), try !makes(opcode) {
                let isOfLists = "]aelo".utf8.contains(opcode)
                throw refused(
                    isOfLists ? "lists and arrays of objects are no matrix" : "an operation that no matrix needs",
                    found: isOfLists ? "a list" : "opcode \(quoted([opcode]))")
            }
        }
        throw refused("more operations than a matrix takes", found: "over \(Self.mostOperations)")
    }

    // MARK: operations, by what they do; each function is false for those of the others

    /// Numbers, texts and bytes.
    private mutating func pushes(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.integer(try input.number(1)))
        case UInt8(ascii: "M"): stack.append(.integer(try input.number(2)))
        case UInt8(ascii: "J"): stack.append(.integer(try input.signed(4)))
        case 0x8a:  // LONG1
            let width = Int(try input.byte())
            guard width <= 8 else { throw refused("an integer of more than 64 bits", found: "\(width) bytes") }
            stack.append(.integer(try input.signed(width)))
        case UInt8(ascii: "G"):
            _ = try input.range(8)
            stack.append(.real)
        case 0x8c: stack.append(.text(try input.range(input.number(1))))
        case UInt8(ascii: "X"): stack.append(.text(try input.range(input.number(4))))
        case 0x8d: stack.append(.text(try input.range(input.number(8))))
        // Strings of Python 2 are bytes.
        case UInt8(ascii: "U"), UInt8(ascii: "C"): stack.append(.bytes(try input.range(input.number(1)), isUTF8: false))
        case UInt8(ascii: "T"), UInt8(ascii: "B"): stack.append(.bytes(try input.range(input.number(4)), isUTF8: false))
        case 0x8e, 0x96: stack.append(.bytes(try input.range(input.number(8)), isUTF8: false))
        default: return false
        }
        return true
    }

    /// Tuples and dictionaries.
    private mutating func gathers(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: ")"): stack.append(.tuple([], depth: 1))
        case 0x85, 0x86, 0x87: try pushTuple(pop(Int(opcode) - 0x84))
        case UInt8(ascii: "t"): try pushTuple(popToMark())
        case UInt8(ascii: "}"): stack.append(.dictionary(PickleDictionary()))
        case UInt8(ascii: "s"): try setItems(pop(2))
        case UInt8(ascii: "u"): try setItems(popToMark())
        default: return false
        }
        return true
    }

    /// The memo, and what frames the pickle.
    private mutating func remembers(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case 0x80:
            let version = try input.byte()
            guard (2...5).contains(version) else { throw refused("unknown protocol", found: "\(version)") }
        case 0x95: _ = try input.number(8)
        case UInt8(ascii: "q"): memo[try input.number(1)] = try top()
        case UInt8(ascii: "r"): memo[try input.number(4)] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): stack.append(try recalled(input.number(1)))
        case UInt8(ascii: "j"): stack.append(try recalled(input.number(4)))
        default: return false
        }
        return true
    }

    /// Globals, and values made of them.
    private mutating func makes(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "c"):
            let module = try input.line()
            try pushGlobal(input.text(module), input.text(input.line()))
        case 0x93:
            let names = try pop(2).map { value -> String in
                guard case .text(let place) = value else { throw refused("a global without a name", found: value.name) }
                return input.text(place)
            }
            try pushGlobal(names[0], names[1])
        case UInt8(ascii: "R"), 0x81:
            let call = try pop(2)
            guard case .global(let global) = call[0], let arguments = call[1].elements else {
                throw refused("a call of something that is no function of numpy or scipy", found: call[0].name)
            }
            stack.append(try opcode == 0x81 ? new(global, arguments) : made(by: global, arguments))
        case UInt8(ascii: "b"):
            let state = try pop()
            try build(top(), state)
        default: return false
        }
        return true
    }

    // MARK: the stack

    private func top() throws -> PickleValue {
        guard let value = stack.last, stack.count > (marks.last ?? 0) else { throw input.cutOff("an empty stack") }
        return value
    }

    private mutating func pop() throws -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw input.cutOff("an empty stack") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw input.cutOff("no mark on the stack") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pushTuple(_ elements: [PickleValue]) throws {
        let depth = 1 + (elements.map(\.depth).max() ?? 0)
        guard depth <= 2 * Self.dictionaryDepth else { throw refused("tuples nested too deep", found: "\(depth) levels") }
        stack.append(.tuple(elements, depth: depth))
    }

    private mutating func setItems(_ items: [PickleValue]) throws {
        guard items.count.isMultiple(of: 2), case .dictionary(let dictionary) = try top() else {
            throw input.cutOff("items without a dict")
        }
        for at in stride(from: 0, to: items.count, by: 2) {
            // A dict within a dict could hold itself.
            guard items[at + 1].depth < Self.dictionaryDepth else { throw refused("a dict within a dict", found: "a dict") }
            guard let key = name(items[at]) else { throw refused("a key that is no name", found: items[at].name) }
            if PickleMachine.stateKeys.contains(key) { dictionary.items[key] = items[at + 1] }
        }
    }

    private func recalled(_ index: Int) throws -> PickleValue {
        guard let value = memo[index] else { throw input.cutOff("memo \(index), which nothing was put into") }
        return value
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw refused(
                "a pickle that names `\(module).\(name)` is refused: code in a pickle is never run", found: "\(module).\(name)")
        }
        stack.append(.global(global))
    }

    /// A short text, or the bytes that stand for one in Python 2.
    func name(_ value: PickleValue) -> String? {
        switch value {
        case .text(let place), .bytes(let place, false): input.text(place)
        default: nil
        }
    }

    func refused(_ problem: String, found: String) -> Failure {
        Failure(
            .usage, problem, at: "\(input.path): byte \(input.at)", found: found,
            expected: "a pickle of one numpy array or scipy CSR matrix, protocol 2 to 5",
            advice: "in Python: scipy.sparse.save_npz(path, matrix.tocsr()) or numpy.save(path, array)")
    }
}
