import Support

/// Reads the arguments of one layer of an arch file, and says which of them is wrong.
struct LayerArguments {
    private let layer: LayerDescription
    /// `transform_coarse.rnn`.
    let place: String

    /// - Parameter known: the arguments that the layer has.
    /// - Throws: `Failure` for any other.
    init(_ layer: LayerDescription, in stack: String, known: [String]) throws {
        self.layer = layer
        place = "\(stack).\(layer.kind)"
        let written = Set(layer.numbers.keys).union(layer.texts.keys)
        guard let unknown = written.subtracting(known).min() else { return }
        throw Failure(
            .usage, "\(layer.kind) has no argument \"\(unknown)\"", at: place, found: unknown,
            expected: known.joined(separator: ", "),
            advice: suggestion(for: unknown, among: known).map { "did you mean \"\($0)\"?" } ?? "remove it")
    }

    /// Products of a few sizes fit any count of floats.
    private static let largest = 1 << 20
    /// Of a convolution, in tokens.
    static let longestWindow = 1 << 12
    /// Each is an object of its own.
    static let mostLayers = 1 << 12

    /// A whole number above 0 by the first of these names that is there, else `otherwise`.
    func size(_ names: String..., otherwise: Int, most: Int = Self.largest) throws -> Int {
        guard let name = names.first(where: has) else { return otherwise }
        guard let number = layer.numbers[name], let size = Int(exactly: number), (1...most).contains(size) else {
            throw wrong(name, expected: "a whole number above 0, up to \(most)")
        }
        return size
    }

    /// The size of the layer's input, where it is said, is that of what comes in. Sizes below 1 say nothing.
    func checkInput(_ names: [String], dims: Int) throws {
        for name in names where has(name) {
            guard let number = layer.numbers[name], number != Double(dims), number > 0 else { continue }
            throw Failure(
                .usage, "the size of a layer's input is not that of what comes before it", at: "\(place).\(name)",
                found: text(name), expected: "\(dims)", advice: "write \(dims), or leave \"\(name)\" away")
        }
    }

    /// Whole numbers above 0: one number, or `"512,300"`, or `[512, 300]`.
    func sizes(_ name: String, otherwise: [Int], most: Int = Self.largest) throws -> [Int] {
        guard has(name) else { return otherwise }
        let parts = text(name).split { "[], \t\n".contains($0) }
        let sizes = parts.compactMap { Double($0).flatMap(Int.init(exactly:)) }
        guard (1...64).contains(sizes.count), sizes.count == parts.count, sizes.allSatisfy((1...most).contains) else {
            throw wrong(name, expected: "up to 64 whole numbers above 0, as [512, 300], none above \(most)")
        }
        return sizes
    }

    /// A whole number above 0 that divides `whole`, which is called `wholeName`.
    func divisor(_ name: String, of whole: Int, _ wholeName: String, otherwise: Int) throws -> Int {
        let number = try size(name, otherwise: otherwise)
        guard whole % number == 0 else { throw wrong(name, expected: "a divisor of \(wholeName), which is \(whole)") }
        return number
    }

    func probability(_ name: String, otherwise: Double) throws -> Double {
        guard has(name) else { return otherwise }
        guard let number = layer.numbers[name], (0..<1).contains(number) else {
            throw wrong(name, expected: "a drop probability, from 0 to below 1")
        }
        return number
    }

    func positive(_ name: String, otherwise: Double) throws -> Double {
        guard has(name) else { return otherwise }
        guard let number = layer.numbers[name], number > 0 else { throw wrong(name, expected: "a number above 0") }
        return number
    }

    func flag(_ name: String, otherwise: Bool) throws -> Bool {
        guard has(name) else { return otherwise }
        guard let number = layer.numbers[name], number == 0 || number == 1 else { throw wrong(name, expected: "true or false") }
        return number == 1
    }

    func choice(_ name: String, among choices: [String], otherwise: String) throws -> String {
        guard has(name) else { return otherwise }
        guard let text = layer.texts[name], choices.contains(text) else {
            throw wrong(name, expected: choices.joined(separator: ", "))
        }
        return text
    }

    private func has(_ name: String) -> Bool { layer.numbers[name] != nil || layer.texts[name] != nil }

    private func text(_ name: String) -> String {
        if let text = layer.texts[name] { return text }
        guard let number = layer.numbers[name] else { return "nothing" }
        return Int(exactly: number).map(String.init) ?? String(number)
    }

    func wrong(_ name: String, expected: String, found: String? = nil) -> Failure {
        Failure(
            .usage, "an argument of layer \(layer.kind) that cannot be", at: "\(place).\(name)", found: found ?? text(name),
            expected: expected)
    }
}
