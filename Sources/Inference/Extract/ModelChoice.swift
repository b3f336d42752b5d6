import Foundation
import Learners
import Support

/// The one learner that a command works on.
public enum ModelChoice {
    /// - Throws: `Failure` where the folder is an ensemble (its learners are named), or no model.
    public static func learner(_ folder: String) throws -> TrainedModel {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let models = try TrainedModel.openAll(folder: folder)
        guard models.count > 1 else { return models[0] }
        throw Failure(
            .usage, "this is an ensemble; one learner is wanted", at: folder,
            found: models.map { ($0.folder as NSString).standardizingPath }.joined(separator: ", "),
            expected: "one learner's folder",
            advice: "name one of these")
    }
}
