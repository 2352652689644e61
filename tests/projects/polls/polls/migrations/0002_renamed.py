from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('polls', '0001_initial'),
    ]

    operations = [
        migrations.RenameField('question', 'text', 'question_text'),
        migrations.RenameField('choice', 'text', 'choice_text'),
        migrations.AlterField('question', 'pub_date', models.DateTimeField('date published')),
    ]
