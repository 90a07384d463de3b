"""Let Label Studio's own library check our labelling interface, tasks and predictions.

Run by ``make check-label-studio`` in an environment of its own, since the library pins old versions of others.
"""

from label_studio_sdk.label_interface import LabelInterface

from service.core.labels import LABEL_IDS
from service.label_studio import annotation_tasks, labelling_config


def main() -> None:
    """Fail loudly where the library finds fault."""
    interface = LabelInterface(labelling_config())
    interface.validate()
    assert set(interface.get_control("function").labels) == set(LABEL_IDS)
    paragraphs = [
        {
            "index": i,
            "part": i % 2 or None,
            "section": ["一、任务"],
            "text": f"第{i}段。\n",
            "label": label,
            "score": 0.5,
        }
        for i, label in enumerate(LABEL_IDS)
    ]
    tasks = annotation_tasks({"paragraphs": paragraphs}, "讲话", "zhangfa-small 1")
    for task in tasks:
        assert interface.validate_task({"data": task["data"]}), task["data"]
        [prediction] = task["predictions"]
        faults = interface.validate_prediction(prediction, return_errors=True)
        assert not faults, faults
        assert interface.validate_annotation({"result": prediction["result"]})
    broken = {**tasks[0]["predictions"][0]}
    broken["result"] = [{**broken["result"][0], "value": {"choices": ["chatter"]}}]
    assert interface.validate_prediction(broken, return_errors=True), "the library's check lets anything pass"
    print(f"label-studio-sdk accepts the interface, {len(tasks)} tasks and their predictions")


if __name__ == "__main__":
    main()
