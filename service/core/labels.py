"""The taxonomy: eleven rhetorical functions of a paragraph, their names and definitions."""

from dataclasses import dataclass

TAXONOMY_VERSION = "1.0"


@dataclass(frozen=True)
class Label:
    """One rhetorical function.

    :ivar id: stable ASCII identifier.
    :ivar zh: Chinese display name.
    :ivar en: English display name.
    :ivar definition: what a paragraph of this function does, in Chinese.
    """

    id: str
    zh: str
    en: str
    definition: str


LABELS: tuple[Label, ...] = (
    Label("opening", "开场", "Opening", "称谓；交代会议由来、目的、议程、出席者；宣布讲几点意见"),
    Label("summary", "总结回顾", "Review", "回顾已做的工作、取得的成绩、数据、荣誉，总结经验做法"),
    Label("commendation", "致谢表彰", "Thanks and commendation", "感谢、慰问、祝贺、致敬、表扬、宣布表彰"),
    Label("situation", "形势意义", "Situation and significance", "分析外部形势、机遇挑战，阐述重要性，提高认识"),
    Label("problem", "问题分析", "Problems", "指出本地区、本单位的问题、不足、差距，分析原因和危害"),
    Label("goal", "目标思路", "Goals and approach", "总体要求、指导思想、基本原则、总目标"),
    Label("task", "任务部署", "Tasks", "部署具体的业务工作、措施、做法、步骤"),
    Label("assurance", "保障要求", "Assurance", "为落实提出的领导、责任、考核、督查、队伍、经费、作风要求"),
    Label("exhortation", "号召勉励", "Exhortation", "收束性的号召、鼓劲、期望、展望、祝愿"),
    Label("structure", "标题过渡", "Headings and links", "标题、小标题，只起承上启下作用的过渡句"),
    Label("other", "其他", "Other", "网页噪声、落款、日期、名单、记录字段等正文以外的内容"),
)
LABEL_IDS: tuple[str, ...] = tuple(label.id for label in LABELS)
LABEL_BY_ID: dict[str, Label] = {label.id: label for label in LABELS}
