"""When: pull, build, push for review, approve, release, publish. Each task is a command of Affectory; nothing is decided here.

Commands run by `AFFECTORY_PYTHON` of the worker's environment (default: python), where Affectory is installed; tokens come from
there too. People who review clips hold nothing up: what they have answered by now is in the version, the rest is in a later one.
"""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, TriggerRule

PARAMS = {
    "source": Param("/srv/affectory/raw", type="string", pattern="^/", description="folder with video and sound"),
    "shards": Param("/srv/affectory/shards", type="string", pattern="^/", description="folder of versions"),
    "plan": Param("embedded", type="string", minLength=1, description="a shipped plan, or a TOML file"),
    "repo": Param(None, type=["null", "string"], pattern="^[\\w.-]+/[\\w.-]+$", description="on the Hub; none: not published"),
    "private": Param(True, type="boolean", description="a repository that only its owners see"),
}
# Values reach the shell as variables, never as part of a command.
VALUES = {
    "SOURCE": "{{ params.source }}",
    "SHARDS": "{{ params.shards }}",
    "PLAN": "{{ params.plan }}",
    "REPO": "{{ params.repo or '' }}",
    "PRIVATE": "{{ '--private' if params.private else '' }}",
    "VERSION": "{{ (ti.xcom_pull(task_ids='build') or [''])[0] }}",
    "SEAL": "{{ (ti.xcom_pull(task_ids='build') or ['', ''])[1] }}",
}
PYTHON = '"${AFFECTORY_PYTHON:-python}" -m'


def command(task_id: str, bash: str, **more: object) -> BashOperator:
    """Return a task that runs commands of Affectory one after the other."""
    return BashOperator(task_id=task_id, bash_command=f"set -e\n{bash}", env=VALUES, append_env=True, **more)


with DAG(
    "affectory",
    schedule="@weekly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    doc_md=__doc__,
):
    pull = command("pull", f'{PYTHON} label_studio.pull --shards "$SHARDS"')
    build = command(
        "build",
        # 3: a version was written, without the few records that annotators failed on.
        f'{PYTHON} pipeline.build --source "$SOURCE" --out "$SHARDS" --plan "$PLAN" || [ $? -eq 3 ]\n'
        f'{PYTHON} pipeline.versions latest --shards "$SHARDS"',
        trigger_rule=TriggerRule.ALL_DONE,
        output_processor=str.split,
    )
    push = command("push", f'{PYTHON} label_studio.push --shards "$SHARDS" --version "$VERSION"')
    approve = ApprovalOperator(
        task_id="approve",
        subject="Release {{ ti.xcom_pull(task_ids='build')[0] }}?",
        body="Look at report.html in its folder. Only what bears this seal is published: {{ ti.xcom_pull(task_ids='build')[1] }}",
        trigger_rule=TriggerRule.ONE_SUCCESS,
    )
    release = command("release", f'{PYTHON} pipeline.versions verify "$VERSION" --shards "$SHARDS" --seal "$SEAL" --deep')
    publish = command(
        "publish",
        # 99 is how a task says that there was nothing to do.
        f'[ -n "$REPO" ] || exit 99\n{PYTHON} pipeline.publish --shards "$SHARDS" --version "$VERSION" --repo "$REPO" $PRIVATE',
    )
    pull >> build >> push
    [build, push] >> approve >> release >> publish
