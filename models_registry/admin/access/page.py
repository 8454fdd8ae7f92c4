"""The page of models and groups: who may use which, and changing it for many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from accounts.changes import lock_configuration
from models_registry.access.asked import COLUMNS, HELD, Asked, chosen_groups, chosen_models
from models_registry.access.asked import shown_rows as rows_in
from models_registry.access.holders import Holder, load_holders
from models_registry.access.matrix import MOST_ROWS, rows_of, shown_folders
from models_registry.access.tree import ModelTree
from models_registry.access.unmatched import unmatched_grants
from models_registry.admin.access.saving import save
from models_registry.admin.access.wishes import ADD, DELETE, Proposal, proposal_of
from models_registry.admin.access.words import sentences
from models_registry.registry import active, is_running

EFFECT = "admin/models_registry/access/effect.html"
ROWS = "admin/models_registry/access/rows.html"
STALE = "Not saved: grants, people or models have changed since this was shown. Look again."


class AccessView(UnfoldModelAdminViewMixin, TemplateView):
    """``GET`` shows the matrix. ``POST`` shows what a change does; with ``seal`` it saves it."""

    title = "Access"
    permission_required = (
        "models_registry.view_modelgrant",
        "models_registry.view_registeredmodel",
        "auth.view_group",
    )
    template_name = "admin/models_registry/access/page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_running():
            return self.render_to_response(self.get_context_data())
        tree = ModelTree(active().snapshot.catalogue)
        holders = load_holders(tree)
        if "rows" in request.GET:
            return self._rows(request.GET, tree, holders)
        return self._page(request.GET, tree, holders)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not is_running():
            return HttpResponseRedirect(request.path)
        sent, tree = request.POST, ModelTree(active().snapshot.catalogue)
        if "seal" in sent and self._saved(sent, tree):
            return HttpResponseRedirect(request.path + Asked.read(sent).address())
        holders = load_holders(tree)
        proposal = proposal_of(sent, tree, holders, request.user)
        if "HX-Request" in request.headers:
            return TemplateResponse(request, EFFECT, self._effect(proposal, tree))
        return self._page(sent, tree, holders, proposal)

    def _saved(self, sent: QueryDict, tree: ModelTree) -> bool:
        """Save what was shown; False, with a message, where it would be something else now."""
        try:
            with transaction.atomic():
                lock_configuration()
                proposal = proposal_of(sent, tree, load_holders(tree), self.request.user)
                is_as_shown = proposal.seal == sent["seal"] and not proposal.change.is_empty
                if is_as_shown and not proposal.problem:
                    save(self.model_admin, self.request, proposal.change)
                    return True
        except (IntegrityError, ValidationError):
            pass
        messages.warning(self.request, STALE)
        return False

    def _rows(self, query: QueryDict, tree: ModelTree, holders: tuple[Holder, ...]) -> HttpResponse:
        """The rows of one folder, for a page that has it folded."""
        asked, folder = Asked.read(query), tree.by_key.get(query.get("rows", ""))
        chosen = chosen_models(asked, tree, holders)
        rows = rows_in(folder, chosen) if folder else []
        columns = _columns(asked, holders).object_list
        context = {
            "rows": rows_of(rows[:MOST_ROWS], [holders[0], *columns]),
            "left_out": max(len(rows) - MOST_ROWS, 0),
            "width": len(columns) + 2,
        }
        return TemplateResponse(self.request, ROWS, context)

    def _page(
        self,
        query: QueryDict,
        tree: ModelTree,
        holders: tuple[Holder, ...],
        proposal: Proposal | None = None,
    ) -> HttpResponse:
        asked, may = Asked.read(query), self.request.user.has_perm
        chosen = chosen_models(asked, tree, holders)
        groups = _columns(asked, holders)
        columns = [holders[0], *groups.object_list]
        proposal = proposal or proposal_of(QueryDict(), tree, holders, self.request.user)
        context = self.get_context_data() | {
            "snapshot": active().snapshot,
            "asked": asked,
            "total": len(tree.rows),
            "count": chosen.bit_count(),
            "columns": columns,
            "width": len(columns) + 1,
            "groups": groups,
            "previous": asked.address(page=groups.number - 1),
            "next": asked.address(page=groups.number + 1),
            "folders": shown_folders(asked, tree, chosen, columns),
            "holders": [holders[0], *chosen_groups(asked, holders)],
            "connections": sorted({each.connection for each in tree.folders if each.connection}),
            "held": HELD | {each.key: f"Granted to {each.name}" for each in columns},
            "ticked": {row.model_id for row in proposal.wish.rows},
            "ticked_folders": query.getlist("folder"),
            "unmatched": len(unmatched_grants()),
            "may_grant": may(ADD),
            "may_revoke": may(DELETE),
        }
        return self.render_to_response(context | self._effect(proposal, tree))

    def _effect(self, proposal: Proposal, tree: ModelTree) -> dict[str, Any]:
        told = sentences(proposal, tree, self.request.user) if proposal.is_chosen else {}
        is_bypassed = active().snapshot.options.bypass_model_access_control
        return {"proposal": proposal, "is_bypassed": is_bypassed} | told


def _columns(asked: Asked, holders: tuple[Holder, ...]) -> Any:
    """The page of groups that is asked for; everyone stands on each."""
    return Paginator(chosen_groups(asked, holders), COLUMNS).get_page(asked.page)
