import Foundation
import Learners
import Prepare

extension TrainedModel {
    /// What turns raw text into the model's features; nil where its data set was not made of text by `prepare`.
    ///
    /// - Throws: `Failure` where vocabulary.txt and tokenizer.json don't fit together or are of an unknown version.
    public func textVectoriser() throws -> TextVectoriser? {
        guard FileManager.default.fileExists(atPath: "\(folder)/tokenizer.json") else { return nil }
        return try TextVectoriser(folder: folder)
    }
}
