"""The optimiser of pretraining."""

import torch


class MasterWeightsOptimizer:
    """Optimisers over float32 copies of bfloat16 weights (Micikevicius et al. 2018).

    The matrices inside the encoder layers take Muon (Jordan et al. 2024, scaled to AdamW's update size after Liu et
    al. 2025); embeddings, output layer and vectors take AdamW, without decay on vectors.
    """

    def __init__(self, model: torch.nn.Module, learning_rate: float, weight_decay: float) -> None:
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.working = [p for _, p in named]
        self.masters = [p.detach().float().clone() for p in self.working]
        inner = [m for (name, _), m in zip(named, self.masters, strict=True) if ".layer." in name and m.ndim == 2]
        inner_ids = set(map(id, inner))
        outer = [m for m in self.masters if id(m) not in inner_ids]
        groups = [
            {"params": [m for m in outer if m.ndim > 1], "weight_decay": weight_decay},
            {"params": [m for m in outer if m.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), fused=True),
            torch.optim.Muon(inner, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        ]

    def step(self, learning_rate: float) -> float:
        """Clip to norm 1, update, copy back and clear the gradients; returns the norm before clipping."""
        for master, weight in zip(self.masters, self.working, strict=True):
            master.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
            optimizer.step()
        self.copy_to_model()
        return norm.item()

    @torch.no_grad()
    def copy_to_model(self) -> None:
        """Round the master weights into the model."""
        for master, weight in zip(self.masters, self.working, strict=True):
            weight.copy_(master)
