import Support

/// The weights in a model's folder: `model.safetensors`, or several files that `model.safetensors.index.json` names.
public struct SafetensorsFolder: Sendable {
    public let path: String
    private let files: [SafetensorsFile]
    /// Which file has an array.
    private let places: [String: Int]

    private static let single = "model.safetensors", index = "model.safetensors.index.json"

    /// - Throws: `Failure` where the folder has no such file, one is damaged, or the index names what isn't there.
    public init(path: String) throws {
        self.path = path
        let names: [String]
        var wanted: [String: String] = [:]
        if isFile("\(path)/\(Self.single)") || !isFile("\(path)/\(Self.index)") {
            try Self.requireWeights(path)
            names = [Self.single]
        } else {
            wanted = try Self.weightMap("\(path)/\(Self.index)")
            names = Set(wanted.values).sorted()
        }
        files = try names.map { try SafetensorsFile(path: "\(path)/\($0)") }
        var places: [String: Int] = [:]
        for (number, file) in files.enumerated() {
            for tensor in file.tensors where wanted.isEmpty || wanted[tensor.name] == names[number] {
                places[tensor.name] = number
            }
        }
        if let missing = wanted.keys.filter({ places[$0] == nil }).min() {
            throw Failure(
                .usage, "the index names an array that its file does not have", at: "\(path)/\(Self.index)", found: missing,
                expected: "an array of that name in \(wanted[missing] ?? "")", advice: "copy all files of the model again")
        }
        self.places = places
    }

    /// The names of all arrays, sorted.
    public var names: [String] { places.keys.sorted() }

    /// Nil where there is no array of that name.
    public subscript(name: String) -> StoredTensor? { places[name].flatMap { files[$0][name] } }

    /// An array as float32, see `SafetensorsFile.floats`.
    ///
    /// - Throws: `Failure` where there is no such array, its elements are no floats of at most 32 bits, or one is not finite.
    public func floats(_ name: String) throws -> DenseMatrix { try files[places[name] ?? 0].floats(name) }

    private static func requireWeights(_ folder: String) throws {
        guard isFolder(folder) else {
            throw Failure(
                .usage, "no such folder", at: folder, expected: "a model's folder, with config.json and \(single)",
                advice: "check the path; the folder of a model on Hugging Face can be had by: hf download NAME --local-dir FOLDER"
            )
        }
        let names = namesInFolder(folder)
        guard !names.contains(single) else { return }
        let isPickled = names.contains { $0.hasPrefix("pytorch_model") }
        throw Failure(
            .usage, "the folder has no weights that this program reads", at: folder,
            found: names.isEmpty ? "an empty folder" : names.prefix(12).joined(separator: ", "),
            expected: "\(single), or \(index)",
            advice: isPickled
                ? "write them in Python: transformers.AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER)"
                : "check the path: it is the folder of the model's config.json")
    }

    /// Name of each array → name of its file; files stand in the folder itself.
    private static func weightMap(_ path: String) throws -> [String: String] {
        let json = try JSONValue.read(path)
        guard let members = json["weight_map"]?.members, !members.isEmpty else {
            throw unusable("the index names no arrays", path, found: "no \"weight_map\" with members")
        }
        var map: [String: String] = [:]
        for member in members {
            guard let file = member.value.string, file.hasSuffix(".safetensors"), !file.contains("/"), !file.contains("\0"),
                !file.hasPrefix(".")
            else {
                let place = "\(path):\(member.line):\(member.column)"
                throw unusable("the index names a file outside of its folder", place, found: quoted(member.value.text.utf8))
            }
            map[member.name] = file
        }
        return map
    }

    private static func unusable(_ problem: String, _ place: String, found: String) -> Failure {
        Failure(
            .usage, problem, at: place, found: found,
            expected: "{\"weight_map\": {\"array\": \"model-00001-of-00002.safetensors\"}}",
            advice: "copy all files of the model again")
    }
}
